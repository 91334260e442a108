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
import * as refusals from '../api/refusals.js';
import { type Call, commit, identity, live } from './call.js';
import { type Statement, statementsOf } from './policy-document.js';

/** Stores a resource policy as given. The local Secrets Manager does not enforce it. */
export function putResourcePolicy(call: Call, input: PutResourcePolicyRequest): PutResourcePolicyResponse {
  const secret = live(call, input.SecretId);
  const { ResourcePolicy: policy = '' } = input;
  const statements = statementsOf(policy);
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
  const isBad = statements.some(isPublic);
  return {
    PolicyValidationPassed: !isBad,
    ValidationErrors: isBad
      ? [{ CheckName: 'PUBLIC_POLICY', ErrorMessage: 'The policy grants access to everybody.' }]
      : [],
  };
}

/** Whether a statement allows everybody without a condition. Conditions are not evaluated. */
function isPublic({ Effect, Principal, Condition }: Statement): boolean {
  const principals: unknown[] = [
    typeof Principal === 'object' && Principal !== null ? Object.values(Principal) : Principal,
  ].flat(2);
  // Without a Principal, NotPrincipal names the exceptions, and everybody else is allowed.
  const isForAll = Principal === undefined || principals.includes('*');
  return Effect === 'Allow' && Condition === undefined && isForAll;
}
