import type {
  DeleteResourcePolicyRequest,
  DeleteResourcePolicyResponse,
  GetResourcePolicyRequest,
  GetResourcePolicyResponse,
  PutResourcePolicyRequest,
  PutResourcePolicyResponse,
  ValidateResourcePolicyRequest,
  ValidateResourcePolicyResponse,
} from '@aws-sdk/client-secrets-manager';
import { jsonObject } from '../../json.js';
import * as refusals from '../api/refusals.js';
import { type Call, commit, identity, live } from './call.js';

/** Resource policies are kept as they are given. Nobody's rights are decided by them here. */
export function putResourcePolicy(call: Call, input: PutResourcePolicyRequest): PutResourcePolicyResponse {
  const secret = live(call, input.SecretId);
  const { ResourcePolicy: policy = '' } = input;
  const statements = statementsOf(policy);
  if (!statements) throw refusals.malformedPolicy();
  if (input.BlockPublicPolicy && statements.some(isPublic)) throw refusals.publicPolicy();
  commit(call, secret, () => {
    secret.policy = policy;
  });
  return identity(secret);
}

export function getResourcePolicy(call: Call, input: GetResourcePolicyRequest): GetResourcePolicyResponse {
  const secret = live(call, input.SecretId);
  return { ...identity(secret), ...(secret.policy !== undefined && { ResourcePolicy: secret.policy }) };
}

export function deleteResourcePolicy(
  call: Call,
  input: DeleteResourcePolicyRequest,
): DeleteResourcePolicyResponse {
  const secret = live(call, input.SecretId);
  commit(call, secret, () => {
    secret.policy = undefined;
  });
  return identity(secret);
}

export function validateResourcePolicy(
  call: Call,
  { SecretId, ResourcePolicy = '' }: ValidateResourcePolicyRequest,
): ValidateResourcePolicyResponse {
  if (SecretId !== undefined) live(call, SecretId);
  const statements = statementsOf(ResourcePolicy);
  if (!statements) throw refusals.malformedPolicy();
  const isBad = statements.some(isPublic);
  return {
    PolicyValidationPassed: !isBad,
    ValidationErrors: isBad
      ? [{ CheckName: 'PUBLIC_POLICY', ErrorMessage: 'The policy grants access to everybody.' }]
      : [],
  };
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** The statements of a policy, or undefined if it is none. */
function statementsOf(policy: string): readonly Statement[] | undefined {
  const statements: readonly unknown[] = [jsonObject(policy)?.Statement ?? []].flat();
  return statements.length > 0 && statements.every(isObject) ? statements : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** As far as it can be told without knowing the conditions: an allowance for everybody that has none. */
function isPublic({ Effect, Principal, Condition }: Statement): boolean {
  const principals: unknown[] = [
    typeof Principal === 'object' && Principal !== null ? Object.values(Principal) : Principal,
  ].flat(2);
  return Effect === 'Allow' && Condition === undefined && principals.includes('*');
}
