import { type PolicyDocument, policyDocument } from '../../src/cli/policy/document.js';
import { grantsFor, type Named } from '../../src/cli/policy/grants.js';
import type { RotatorNeeds } from '../../src/index.js';
import { deployed, TEMPLATE } from './cloudformation.js';

export const ACCOUNT = 'eu-west-1:123456789012';
export const FUNCTION = `arn:aws:lambda:${ACCOUNT}:function:rotate`;
const STREAMS = `arn:aws:logs:${ACCOUNT}:log-group:rotate:*`;
export const ATTRIBUTES = {
  'Function.Arn': FUNCTION,
  'Log.Arn': STREAMS,
  'FunctionSecurityGroup.GroupId': 'sg-1',
};
export const PARTS = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '123456789012',
  urlSuffix: 'amazonaws.com',
  function: FUNCTION,
  streams: STREAMS,
};
export const ADMIN = `arn:aws:secretsmanager:${ACCOUNT}:secret:boss-AbCdEf`;
export const KEY = `arn:aws:kms:${ACCOUNT}:key/1`;
export const ADMIN_KEY = `arn:aws:kms:${ACCOUNT}:key/2`;
export const DATABASES = [`arn:aws:rds:${ACCOUNT}:db:db-1`, `arn:aws:rds:${ACCOUNT}:cluster:aurora`];
export const USERS = ['arn:aws:iam::123456789012:user/app'];

/** Read too, and left out of the template: EXCLUDE_CHARACTERS can say as much, and each type is required by default. */
const LEFT_OUT = [
  'EXCLUDE_NUMBERS',
  'EXCLUDE_PUNCTUATION',
  'EXCLUDE_UPPERCASE',
  'EXCLUDE_LOWERCASE',
  'REQUIRE_EACH_INCLUDED_TYPE',
];
/** Of every function, whatever it rotates. */
const OF_ALL = ['NODE_OPTIONS', 'SECRETS_MANAGER_ENDPOINT', 'AWS_ENDPOINT_URL_RDS'];
/** What stands for a user's own rotator, and the variable with what its manifest names. */
const CUSTOM = 'custom';
const OF_CUSTOM = 'CUSTOM_ENVIRONMENT';

type Needs = ReadonlyMap<string, RotatorNeeds>;

/** What of these rotators template.yaml lacks, and what it has of others: each as the line that is to be changed. */
export function templateGaps(rotators: Needs): readonly string[] {
  const offered = (TEMPLATE.Parameters.Rotator!.AllowedValues as readonly string[]).filter(
    (rotator) => rotator !== CUSTOM,
  );
  const { Environment } = TEMPLATE.Resources.Function!.Properties as { Environment: { Variables: object } };
  const variables = Object.keys(Environment.Variables);
  const read = [...rotators].flatMap(([rotator, { environment }]) =>
    environment.map((variable) => [variable, rotator] as const),
  );
  const known = [...read.map(([variable]) => variable), ...OF_ALL, OF_CUSTOM];
  return [
    ...[...rotators.keys()]
      .filter((rotator) => !offered.includes(rotator))
      .map((rotator) => `Parameters.Rotator.AllowedValues lacks ${rotator}`),
    ...offered
      .filter((rotator) => !rotators.has(rotator))
      .map((rotator) => `Parameters.Rotator.AllowedValues has ${rotator}, which has no lambda.ts`),
    ...read
      .filter(([variable]) => ![...variables, ...LEFT_OUT].includes(variable))
      .map(
        ([variable, rotator]) => `Function.Environment.Variables lacks ${variable}, which ${rotator} reads`,
      ),
    ...variables
      .filter((variable) => !known.includes(variable))
      .map((variable) => `Function.Environment.Variables has ${variable}, which no rotator reads`),
    ...[...rotators].flatMap(([rotator, needs]) => [
      ...timeGaps(rotator, needs),
      ...lifetimeGaps(rotator, needs),
      ...rightGaps(rotator, needs),
    ]),
  ];
}

function timeGaps(rotator: string, { timeoutSeconds = 60 }: RotatorNeeds): readonly string[] {
  const { Function: made, DurationAlarm } = deployed({ Rotator: rotator, AlarmTopicArn: 'arn:aws:sns:x' });
  const timeout = made?.Timeout;
  // When four fifths of the time are over.
  const threshold = DurationAlarm?.Threshold;
  return [
    ...(timeout === timeoutSeconds
      ? []
      : [`Function.Timeout is ${timeout} for ${rotator}, which needs ${timeoutSeconds}`]),
    ...(threshold === timeoutSeconds * 800
      ? []
      : [`DurationAlarm.Threshold is ${threshold} for ${rotator}, which needs ${timeoutSeconds * 800}`]),
  ];
}

function lifetimeGaps(rotator: string, { lifetime }: RotatorNeeds): readonly string[] {
  const { Function: made } = deployed({ Rotator: rotator, KeyLifetimeDays: '180' });
  const { Variables } = made!.Environment as { Variables: Record<string, string> };
  if ((Variables.KEY_LIFETIME_DAYS !== undefined) === (lifetime !== undefined)) return [];
  return [
    lifetime
      ? `Conditions.MakesKeysThatEnd lacks ${rotator}`
      : `Conditions.MakesKeysThatEnd has ${rotator}, which declares no lifetime`,
  ];
}

function rightGaps(rotator: string, needs: RotatorNeeds): readonly string[] {
  const gaps = (['all', 'what it must'] as const).flatMap((which) => {
    const { named, parameters } = given(rotator, needs, which);
    const declared = rights(policyDocument(grantsFor(needs, named), PARTS));
    const granted = rights(policyOf(parameters));
    return [
      ...declared
        .filter((right) => !granted.includes(right))
        .map((right) => `RotationPolicy lacks "${right}", which ${stepsOf(right, needs)}${rotator} needs`),
      ...granted
        .filter((right) => !declared.includes(right))
        .map((right) => `RotationPolicy has "${right}", which ${rotator} does not declare`),
    ];
  });
  return [...new Set(gaps)];
}

/** Who misses a right first. */
function stepsOf(right: string, { permissions, onSecret = [] }: RotatorNeeds): string {
  const own = [...permissions, ...onSecret].find(({ action }) => right.startsWith(`Allow ${action} `));
  return own ? `${own.steps.join(', ')} of ` : '';
}

/** All that a rotator can be given, or what it must be, in the words of `quarterturn policy` and of the template. */
export function given(rotator: string, { permissions }: RotatorNeeds, which: 'all' | 'what it must') {
  const isWanted = ({ onlyFor }: { onlyFor?: string }) => which === 'all' || onlyFor === undefined;
  const kinds = permissions.filter(isWanted).map(({ on }) => (on === 'administrator' ? on : on.name));
  const targets = kinds.includes('databases') ? DATABASES : kinds.includes('users') ? USERS : [];
  const hasAdmin = kinds.includes('administrator');
  const named: Named = {
    targets,
    ...(hasAdmin && { admin: ADMIN, adminKey: ADMIN_KEY }),
    ...(which === 'all' && { secretKey: KEY }),
  };
  const parameters = {
    Rotator: rotator,
    Targets: targets.join(','),
    ...(hasAdmin && { AdminSecretArn: ADMIN, AdminKeyArn: ADMIN_KEY }),
    ...(which === 'all' && { SecretKeyArn: KEY }),
  };
  return { named, parameters };
}

export function policyOf(parameters: Record<string, string>): PolicyDocument {
  return deployed(parameters, ATTRIBUTES).RotationPolicy?.PolicyDocument as unknown as PolicyDocument;
}

/** A policy as single rights, sorted. */
export function rights({ Statement }: PolicyDocument): readonly string[] {
  const all = Statement.flatMap(({ Effect, Action, Resource, Condition }) =>
    [Action].flat().flatMap((action) =>
      [Resource ?? ''].flat().map((resource) => {
        const only = Condition ? ` if ${JSON.stringify(Condition)}` : '';
        return `${Effect} ${action} on ${resource}${only}`;
      }),
    ),
  );
  return all.sort();
}
