import { UsageError } from '../usage-error.js';
import { policyDocument, policyParts } from './document.js';
import { declaredGrants } from './grants.js';
import type { PolicyOptions } from './options.js';

/**
 * Returns the managed policy that template.yaml takes as CustomPolicyArns: the rights that a manifest declares. The template
 * has those that every rotation function needs.
 *
 * @throws UsageError if the manifest declares no rights, or if they depend on a function that is not named
 */
export function customPolicy(options: PolicyOptions): string {
  const { rotator, needs, named, functionArn } = options;
  const grants = declaredGrants(needs, named);
  if (grants.length === 0) {
    throw new UsageError(
      `${rotator} needs no more rights than template.yaml gives: make no policy, and leave out CustomPolicyArns`,
    );
  }
  if (needs.onSecret?.length && functionArn === undefined) {
    throw new UsageError(
      `${rotator} needs rights on the secrets that name its function: deploy template.yaml without CustomPolicyArns and ` +
        'Schedule, then give its output FunctionArn with --function',
    );
  }
  // The administrator's secret is in the Region of the function.
  const secret = named.secret ?? named.admin;
  const parts = policyParts({ rotator, functionArn, named: { ...named, ...(secret && { secret }) } });
  return `${JSON.stringify(policyDocument(grants, parts), undefined, 2)}\n`;
}
