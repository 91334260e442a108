import { RotationError, type RotationErrorCode } from '../../../src/index.js';

const UNREACHABLE =
  'most often the function is in a VPC without a way to the RDS API: an interface endpoint com.amazonaws.<region>.rds ' +
  '(its security group must let port 443 in) or a NAT gateway';

type Failure = readonly [name: RegExp, code: RotationErrorCode, problem: string, hint: string];

/** By the name of the SDK's error. */
const FAILURES: readonly Failure[] = [
  [
    /^AccessDenied|^UnauthorizedOperation$|^NotAuthorized/,
    'ERR_RIGHTS_MISSING',
    'was denied',
    'allow it to the function’s role, on the ARN of this DB instance or cluster; the policy of a VPC endpoint may deny it, too',
  ],
  [
    /NotFound(Fault)?$/,
    'ERR_SERVICE_NOT_FOUND',
    'found nothing of that name',
    'it must be in the account and the Region of the function; correct the name in the secret',
  ],
  [/^TimeoutError$|^AbortError$/, 'ERR_SERVICE_TIMEOUT', 'got no answer in time', UNREACHABLE],
  [
    /Throttl|^RequestLimitExceeded$|^TooManyRequests/,
    'ERR_SERVICE_FAILED',
    'was throttled',
    'the account’s quota for calls to RDS is used up; Secrets Manager tries the rotation again',
  ],
  [
    /^CredentialsProviderError$/,
    'ERR_SERVICE_FAILED',
    'found no AWS credentials',
    'outside Lambda set AWS_PROFILE',
  ],
];

/** Says what went wrong between us and the RDS API, and what to do. */
export function toRdsFailure(error: unknown, action: string, target: string): RotationError {
  const { name, message, code } = partsOf(error);
  // The SDK calls a connection that was reset a TimeoutError, too.
  const isUnreached = code !== '' && code !== 'ETIMEDOUT';
  const [, rotationCode, problem, hint] = isUnreached
    ? unreachable(code)
    : (FAILURES.find(([pattern]) => pattern.test(name)) ?? unknown(name, message));
  return new RotationError(rotationCode, `rds:${action} of ${target} ${problem}`, { hint, cause: error });
}

/** The name of the SDK's error behind a failure. */
export function refusalOf(failure: unknown): { readonly name: string; readonly message: string } {
  return partsOf(failure instanceof RotationError ? failure.cause : undefined);
}

function unreachable(code: string): Failure {
  return [/./, 'ERR_SERVICE_UNREACHABLE', `did not reach RDS (${code})`, UNREACHABLE];
}

function unknown(name: string, message: string): Failure {
  // The SDK's own complaints ("Region is missing") have no name that says anything.
  const reason = name === 'Error' ? message : name || 'an unknown error';
  return [
    /./,
    'ERR_SERVICE_FAILED',
    `failed with ${reason}`,
    'look the error up in the API reference of RDS',
  ];
}

/** Node's code is that of a call which never reached RDS: its answers have a name, and no code of that kind. */
function partsOf(error: unknown): { name: string; message: string; code: string } {
  const found = { name: '', message: '', code: '' };
  if (typeof error !== 'object' || error === null) return found;
  if ('message' in error && typeof error.message === 'string') found.message = error.message;
  if ('name' in error && typeof error.name === 'string') found.name = error.name;
  if ('code' in error && typeof error.code === 'string') found.code = error.code;
  // In Jest, Node's errors are not `instanceof Error` to the SDK, which then keeps no more than their text.
  const [, wrapped = '', text = ''] = /^AWS SDK error wrapper for (\w+): (.*)/.exec(found.message) ?? [];
  return wrapped === '' ? found : { ...found, name: wrapped, code: /\bE[A-Z]{4,}\b/.exec(text)?.[0] ?? '' };
}
