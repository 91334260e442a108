import {
  DescribeSecretCommand,
  type DescribeSecretRequest,
  type DescribeSecretResponse,
  GetSecretValueCommand,
  type GetSecretValueRequest,
  type GetSecretValueResponse,
  ListSecretVersionIdsCommand,
  type ListSecretVersionIdsRequest,
  type ListSecretVersionIdsResponse,
  PutSecretValueCommand,
  type PutSecretValueRequest,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageRequest,
} from '@aws-sdk/client-secrets-manager';
import { isError, isRotationError, quoted, RotationError } from '../errors.js';
import { errorParts, isUnanswered, type ServiceFailure, THROTTLED, whyNotSent } from '../network/failures.js';
import { noteThrottles, QUOTA_USED_UP, throttleHint } from '../network/throttles.js';
import { attribute, saidByOthers } from '../redact/said-by.js';
import type { Deadline } from './deadline.js';

interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

/**
 * The calls that a rotation makes, in the SDK's own types; the last only when every labelled version was refused. The SDK's aggregated `SecretsManager` is one of
 * these, and so is the local Secrets Manager in `quarterturn/testing`.
 */
export interface SecretsManagerApi {
  describeSecret(input: DescribeSecretRequest, options?: CallOptions): Promise<DescribeSecretResponse>;
  getSecretValue(input: GetSecretValueRequest, options?: CallOptions): Promise<GetSecretValueResponse>;
  putSecretValue(input: PutSecretValueRequest, options?: CallOptions): Promise<unknown>;
  updateSecretVersionStage(input: UpdateSecretVersionStageRequest, options?: CallOptions): Promise<unknown>;
  /** Absent: versions without a label are not looked for. */
  readonly listSecretVersionIds?:
    | ((input: ListSecretVersionIdsRequest, options?: CallOptions) => Promise<ListSecretVersionIdsResponse>)
    | undefined;
}

/** The client of a deployed function: made once per container, and used by all its invocations. */
export function defaultClient(): SecretsManagerApi {
  const client = noteThrottles(
    new SecretsManagerClient({
      // AWS's own rotation functions are deployed with this variable. Without it the SDK finds the endpoint.
      ...(process.env.SECRETS_MANAGER_ENDPOINT && { endpoint: process.env.SECRETS_MANAGER_ENDPOINT }),
      // Not `adaptive`, which slows down all later calls of a container that was throttled once.
      retryMode: 'standard',
      // `requestTimeout` alone only prints a warning, and without any timeout the SDK waits for ever.
      requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
    }),
  );
  return {
    describeSecret: (input, options) => client.send(new DescribeSecretCommand(input), options),
    // The gate calls it, in secret-values.ts: here and below an answer is passed on, and nobody looks at it.
    getSecretValue: (input, options) => client.send(new GetSecretValueCommand(input), options),
    putSecretValue: (input, options) => client.send(new PutSecretValueCommand(input), options),
    updateSecretVersionStage: (input, options) =>
      client.send(new UpdateSecretVersionStageCommand(input), options),
    listSecretVersionIds: (input, options) => client.send(new ListSecretVersionIdsCommand(input), options),
  };
}

/** Makes every call end by the deadline, and turns its failures into RotationErrors with the SDK's error as cause. */
export function withDeadline(client: SecretsManagerApi, deadline: Deadline): SecretsManagerApi {
  const options = { abortSignal: deadline.signal };
  const call = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await deadline.during(`Secrets Manager to answer ${what}`, UNREACHABLE, () =>
        saidByOthers(work),
      );
    } catch (error) {
      throw isRotationError(error) ? error : callError(what, error);
    }
  };
  return {
    describeSecret: (input, { abortSignal } = {}) =>
      call(`DescribeSecret of ${input.SecretId}`, () =>
        client.describeSecret(
          input,
          abortSignal ? { abortSignal: AbortSignal.any([deadline.signal, abortSignal]) } : options,
        ),
      ),
    getSecretValue: (input) =>
      call(
        `GetSecretValue of ${input.VersionStage ?? input.VersionId ?? 'AWSCURRENT'} of ${input.SecretId}`,
        () => client.getSecretValue(input, options),
      ),
    putSecretValue: (input) =>
      call(`PutSecretValue to ${input.SecretId}`, () => client.putSecretValue(input, options)),
    updateSecretVersionStage: (input) =>
      call(`UpdateSecretVersionStage of ${input.SecretId}`, () =>
        client.updateSecretVersionStage(input, options),
      ),
    ...(client.listSecretVersionIds && {
      listSecretVersionIds: (input: ListSecretVersionIdsRequest) =>
        call(
          `ListSecretVersionIds of ${input.SecretId}`,
          async () => (await client.listSecretVersionIds?.(input, options)) ?? {},
        ),
    }),
  };
}

/** Whether a failed call was refused by Secrets Manager with the given error. */
export function isRefusal(error: unknown, name: string): boolean {
  return isRotationError(error) && errorParts(error.cause).name === name;
}

/**
 * Whether it is certain that a failed PutSecretValue stored nothing: another attempt's value stands, or the first
 * try of the call was refused. After a retry, a throttle or a lost answer an earlier try may have been stored.
 */
export function isCertainlyNotStored(error: unknown): boolean {
  if (isRefusal(error, 'ResourceExistsException')) return true;
  const cause = isRotationError(error) ? error.cause : undefined;
  const { $fault, $metadata, $retryable }: Partial<ServiceError> = isError(cause) ? cause : {};
  const isThrottle = $retryable?.throttling === true || THROTTLED.test(errorParts(cause).name);
  return $fault === 'client' && !isThrottle && ($metadata?.attempts ?? 1) === 1;
}

/** What the SDK's exceptions add to an Error. */
interface ServiceError extends Error {
  readonly $fault?: 'client' | 'server';
  readonly $metadata?: { readonly attempts?: number };
  readonly $retryable?: { readonly throttling?: boolean };
}

const UNREACHABLE =
  'most often the function is in a VPC without a way to Secrets Manager: an interface endpoint (its security group ' +
  'must let port 443 in) or a NAT gateway';

const HINTS: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'the function’s role lacks the right: DescribeSecret, GetSecretValue, PutSecretValue and ' +
    'UpdateSecretVersionStage on this secret, and kms:Decrypt and kms:GenerateDataKey on its key',
  CredentialsProviderError: 'no AWS credentials were found: outside Lambda set AWS_PROFILE, or pass `client`',
  DecryptionFailure: 'the function’s role lacks kms:Decrypt on the secret’s key, or the key is disabled',
  EncryptionFailure:
    'the function’s role lacks kms:GenerateDataKey on the secret’s key, or the key is disabled',
  ResourceNotFoundException: 'the secret is in another account or Region, or was deleted',
  ThrottlingException: QUOTA_USED_UP,
};

function callError(what: string, cause: unknown): RotationError {
  const [code, problem, hint] = meaningOf(cause);
  const failure = new RotationError(code, `${what} ${problem}`, { hint, cause });
  if (errorParts(cause).name === 'Error') attribute(failure, 'others');
  return failure;
}

function meaningOf(error: unknown): ServiceFailure {
  const { name, message, code } = errorParts(error);
  const notSent = whyNotSent(message);
  if (notSent) return ['ERR_SECRETS_MANAGER_FAILED', ...notSent];
  if (isUnanswered(error)) {
    return [
      'ERR_SECRETS_MANAGER_UNREACHABLE',
      `got no answer (${quoted(code || name)})`,
      throttleHint(error) ?? UNREACHABLE,
    ];
  }
  return [
    'ERR_SECRETS_MANAGER_FAILED',
    // The SDK's own complaints have no name that says anything.
    `failed with ${quoted(name === 'Error' ? message : name || 'an unknown error')}`,
    (Object.hasOwn(HINTS, name) && HINTS[name]) ||
      'look the error up in the API reference of Secrets Manager',
  ];
}
