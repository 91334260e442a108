import type { CommonPermission, Permission } from '../../permissions.js';
import { STEPS } from '../../step.js';
import { fill, grantsOf, type Parts, policyParts, policyReport } from './document.js';
import { type Grant, leftOut, networkGrants } from './grants.js';
import type { PolicyOptions } from './options.js';

/** Returns the text for people: each right with its reason, and the policies. */
export function policyText(options: PolicyOptions): string {
  const { rotator, isInVpc, schedule, lifetimeDays } = options;
  const left = leftOutLines(options);
  const parts = policyParts(options);
  const { trustPolicy, executionPolicy, networkPolicy, functionPolicy } = {
    networkPolicy: undefined,
    ...policyReport(options, parts),
  };
  const grants = [...grantsOf(options), ...(isInVpc ? networkGrants() : [])];
  const policies = Object.entries({
    'Who may assume the role (trust policy)': trustPolicy,
    'What it may do (execution policy)': executionPolicy,
    'What Lambda may do with it in the VPC (network policy)': networkPolicy,
    'Who may invoke the function (its resource policy)': functionPolicy,
  });
  return [
    `What the function’s role needs to rotate with ${rotator}`,
    ...grants.map((grant) => section(grant, parts)),
    ...(left.length === 0 ? [] : [['Left out, because only some secrets need it', ...left].join('\n')]),
    ...(schedule === undefined ? [] : [`It rotates with the schedule\n  ${schedule}`]),
    ...(lifetimeDays === undefined
      ? []
      : [`The function has the environment variable\n  KEY_LIFETIME_DAYS=${lifetimeDays}`]),
    ...policies
      .filter(([, document]) => document)
      .map(([title, document]) => `${title}\n\n${JSON.stringify(document, undefined, 2)}`),
    '',
  ].join('\n\n');
}

/** Returns a line for each right that only some secrets need, and whose option was not given. */
export function leftOutLines({ needs, named }: PolicyOptions): readonly string[] {
  return leftOut(needs, named).map(({ action, on, onlyFor }) => {
    const option = on === 'administrator' ? '--admin' : `--target, ${on.name}`;
    return `    ${action} (${option}): ${onlyFor}`;
  });
}

function section({ sid, permissions, resources, condition, isDenied }: Grant, parts: Parts): string {
  const tests = Object.entries(condition ?? {}).flatMap(([test, keys]) =>
    Object.entries(keys).map(([key, value]) => `${key} ${test} ${fill(value, parts)}`),
  );
  return [
    `${sid}${isDenied ? ' (denied)' : ''}`,
    ...resources.map((resource) => `  on ${fill(resource, parts)}`),
    ...tests.map((test) => `  if ${test}`),
    ...permissions.map(reason),
  ].join('\n');
}

function reason({ action, steps, why, ...rest }: CommonPermission | Permission): string {
  const when = steps.length === STEPS.length ? 'every step' : steps.join(', ');
  const source = 'source' in rest && rest.source ? ` [${rest.source}]` : '';
  return `    ${action}${when === '' ? '' : ` (${when})`}: ${why}${source}`;
}
