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

/** @inline */
interface CallOptions {
  /** Aborts the call at the step's deadline. */
  readonly abortSignal?: AbortSignal;
}

/**
 * Client for the Secrets Manager calls that a rotation makes, in the SDK's types. The SDK's aggregated `SecretsManager` is
 * one, and so is `LocalSecretsManager` of `quarterturn/testing`.
 */
export interface SecretsManagerApi {
  /** Reads the labels of the versions, and whether the secret rotates. Called in every step. */
  describeSecret(input: DescribeSecretRequest, options?: CallOptions): Promise<DescribeSecretResponse>;
  /** Reads the value of one version. */
  getSecretValue(input: GetSecretValueRequest, options?: CallOptions): Promise<GetSecretValueResponse>;
  /** Stores the new value as AWSPENDING, in createSecret. */
  putSecretValue(input: PutSecretValueRequest, options?: CallOptions): Promise<unknown>;
  /** Moves AWSCURRENT to the new version, in finishSecret. */
  updateSecretVersionStage(input: UpdateSecretVersionStageRequest, options?: CallOptions): Promise<unknown>;
  /**
   * Lists the versions, also those without a label. Called only when the service has refused every labelled version.
   * Without it, {@link Versions.abandoned} throws.
   */
  readonly listSecretVersionIds?:
    | ((input: ListSecretVersionIdsRequest, options?: CallOptions) => Promise<ListSecretVersionIdsResponse>)
    | undefined;
}

/** Returns the client of a deployed function, which all invocations in a container share. */
export function defaultClient(): SecretsManagerApi {
  const client = noteThrottles(
    new SecretsManagerClient({
      // AWS deploys its own rotation functions with this variable. Without it the SDK finds the endpoint.
      ...(process.env.SECRETS_MANAGER_ENDPOINT && { endpoint: process.env.SECRETS_MANAGER_ENDPOINT }),
      // Not `adaptive`: it slows down every later call of a container that AWS has throttled once.
      retryMode: 'standard',
      // `requestTimeout` alone only prints a warning, and without a timeout the SDK waits for ever.
      requestHandler: { connectionTimeout: 2000, requestTimeout: 3000, throwOnRequestTimeout: true },
    }),
  );
  return {
    describeSecret: (input, options) => client.send(new DescribeSecretCommand(input), options),
    // Only secret-values.ts may call it. Here and in withDeadline() an answer passes through unread.
    getSecretValue: (input, options) => client.send(new GetSecretValueCommand(input), options),
    putSecretValue: (input, options) => client.send(new PutSecretValueCommand(input), options),
    updateSecretVersionStage: (input, options) =>
      client.send(new UpdateSecretVersionStageCommand(input), options),
    listSecretVersionIds: (input, options) => client.send(new ListSecretVersionIdsCommand(input), options),
  };
}

/** Returns a client whose calls end by the deadline, and fail with RotationErrors that have the SDK's error as cause. */
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

/** Returns whether Secrets Manager refused a call with the given error. */
export function isRefusal(error: unknown, name: string): boolean {
  return isRotationError(error) && errorParts(error.cause).name === name;
}

/**
 * Returns whether a failed PutSecretValue has certainly stored nothing: another attempt's value is there, or Secrets Manager
 * refused the first try. After a retry, a throttle or a lost answer, an earlier try may have stored the value.
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
  'most often the function is in a VPC that has no NAT gateway and no interface endpoint for Secrets Manager; the ' +
  'endpoint’s security group must allow port 443';

const HINTS: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'the function’s role lacks a right: it needs DescribeSecret, GetSecretValue, PutSecretValue and ' +
    'UpdateSecretVersionStage on this secret, and kms:Decrypt and kms:GenerateDataKey on its key',
  CredentialsProviderError:
    'the SDK found no AWS credentials: outside Lambda, set AWS_PROFILE or pass `client`',
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
    // The SDK names its own errors only "Error".
    `failed with ${quoted(name === 'Error' ? message : name || 'an unknown error')}`,
    (Object.hasOwn(HINTS, name) && HINTS[name]) ||
      'look up this error in the API reference of Secrets Manager',
  ];
}
