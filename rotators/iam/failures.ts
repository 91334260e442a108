import { RotationError, type RotationErrorCode } from '../../src/index.js';

const UNREACHABLE =
  'most often the function is in a VPC without a way to the API: IAM’s is a global one (a NAT gateway leads there), that ' +
  'of STS may have an interface endpoint com.amazonaws.<region>.sts, whose security group must let port 443 in';

type Failure = readonly [name: RegExp, code: RotationErrorCode, problem: string, hint: string];

/** By the name of the SDK's error. */
const FAILURES: readonly Failure[] = [
  [
    /^AccessDenied/,
    'ERR_RIGHTS_MISSING',
    'was denied',
    'allow it to the function’s role, on the ARN of this user; the policy of a VPC endpoint may deny it, too',
  ],
  [/^NoSuchEntity/, 'ERR_USER_MISSING', 'found no such user', 'correct the name of the user in the secret'],
  [
    /^LimitExceeded/,
    'ERR_SERVICE_FULL',
    'found no room for another key',
    'a user has two at most: another attempt, or somebody else, has just made one; the next attempt makes room, if it can',
  ],
  [/^TimeoutError$|^AbortError$/, 'ERR_SERVICE_TIMEOUT', 'got no answer in time', UNREACHABLE],
  [
    /Throttl|^RequestLimitExceeded$|^TooManyRequests/,
    'ERR_SERVICE_FAILED',
    'was throttled',
    'the account’s quota for these calls is used up; Secrets Manager tries the rotation again',
  ],
  [
    /^CredentialsProviderError$/,
    'ERR_SERVICE_FAILED',
    'found no AWS credentials',
    'outside Lambda set AWS_PROFILE',
  ],
];

/** Says what went wrong between us and an API of AWS, and what to do. */
export function toAwsFailure(error: unknown, what: string): RotationError {
  const { name, message, code } = partsOf(error);
  // The SDK calls a connection that was reset a TimeoutError, too.
  const isUnreached = code !== '' && code !== 'ETIMEDOUT';
  const [, rotationCode, problem, hint] = isUnreached
    ? unreachable(code)
    : (FAILURES.find(([pattern]) => pattern.test(name)) ?? unknown(name, message));
  return new RotationError(rotationCode, `${what} ${problem}`, {
    hint,
    // An answer that the SDK could not read hangs on its error, and may be a new key.
    ...(isRefusal(error) && { cause: error }),
  });
}

/** The name of a refusal by the service; empty for whatever else went wrong. */
export function refusalName(error: unknown): string {
  return isRefusal(error) ? partsOf(error).name.replace(/Exception$/, '') : '';
}

/** Whether the service itself said no. */
function isRefusal(error: unknown): boolean {
  return typeof error === 'object' && error !== null && '$fault' in error && error.$fault === 'client';
}

function unreachable(code: string): Failure {
  return [/./, 'ERR_SERVICE_UNREACHABLE', `did not reach it (${code})`, UNREACHABLE];
}

function unknown(name: string, message: string): Failure {
  // The SDK's own complaint has no name that says anything. Other messages may quote an answer.
  const reason = message === 'Region is missing' ? message : name || 'an unknown error';
  return [
    /./,
    'ERR_SERVICE_FAILED',
    `failed with ${reason}`,
    'look the error up in the API reference of AWS',
  ];
}

/** Node's code is that of a call which never reached AWS: its answers have a name, and no code of that kind. */
function partsOf(error: unknown): { name: string; message: string; code: string } {
  const found = { name: '', message: '', code: '' };
  if (typeof error !== 'object' || error === null) return found;
  if ('message' in error && typeof error.message === 'string') found.message = error.message;
  if ('name' in error && typeof error.name === 'string') found.name = error.name;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code))
    found.code = error.code;
  // In Jest, Node's errors are not `instanceof Error` to the SDK, which then keeps no more than their text.
  const [, wrapped = '', text = ''] = /^AWS SDK error wrapper for (\w+): (.*)/.exec(found.message) ?? [];
  return wrapped === '' ? found : { ...found, name: wrapped, code: /\bE[A-Z]{4,}\b/.exec(text)?.[0] ?? '' };
}
