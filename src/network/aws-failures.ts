import { quoted } from '../errors.js';
import { errorParts, isUnanswered, type ServiceFailure, THROTTLED, whyNotSent } from './failures.js';
import { QUOTA_USED_UP, throttleHint } from './throttles.js';

type Refusal = readonly [name: RegExp, failure: ServiceFailure];

/** What is special about one API of AWS. */
export interface AwsApi {
  /** What the function's role must be allowed to use, as in "on the ARN of this user". */
  readonly resource: string;
  /** What to do if no answer comes: how the function reaches this API. */
  readonly way: string;
  /** What this API alone refuses a call with, by the names of the SDK's errors. */
  readonly refusals: readonly Refusal[];
}

/**
 * Returns what an error that the SDK has thrown means: a code, what a message says of the call, and what to do. No message
 * is repeated, since the SDK's may quote an answer; nor should the error be a cause where answers hold secrets.
 */
export function awsFailure(thrown: unknown, { resource, way, refusals }: AwsApi): ServiceFailure {
  const error = unwrapped(thrown);
  const { name, message, code } = errorParts(error);
  const notSent = whyNotSent(message);
  if (notSent) return ['ERR_SERVICE_FAILED', ...notSent];
  if (isUnanswered(error)) {
    const hint = throttleHint(error) ?? way;
    // The SDK calls a connection that was reset a TimeoutError, too.
    return code === '' || code === 'ETIMEDOUT'
      ? ['ERR_SERVICE_TIMEOUT', 'got no answer in time', hint]
      : ['ERR_SERVICE_UNREACHABLE', `did not reach AWS (${code})`, hint];
  }
  const [, refusal] = [...refusals, ...common(resource)].find(([pattern]) => pattern.test(name)) ?? [];
  if (refusal) return refusal;
  const reason = name || 'an unknown error';
  return [
    'ERR_SERVICE_FAILED',
    `failed with ${quoted(reason)}`,
    'look the error up in the API reference of AWS',
  ];
}

/** What every API of AWS refuses a call with, or the SDK in its place. */
function common(resource: string): readonly Refusal[] {
  return [
    [
      /^AccessDenied|^UnauthorizedOperation$|^NotAuthorized/,
      [
        'ERR_RIGHTS_MISSING',
        'was denied',
        `allow it to the function’s role, on the ARN of ${resource}; the policy of a VPC endpoint may deny it, too`,
      ],
    ],
    [THROTTLED, ['ERR_SERVICE_FAILED', 'was throttled', QUOTA_USED_UP]],
    [
      /^CredentialsProviderError$/,
      ['ERR_SERVICE_FAILED', 'found no AWS credentials', 'outside Lambda set AWS_PROFILE'],
    ],
    [/^ExpiredToken/, ['ERR_SERVICE_FAILED', 'had expired credentials', 'outside Lambda sign in again']],
  ];
}

/** In Jest, Node's errors are not `instanceof Error` to the SDK, which then keeps no more than their text. */
function unwrapped(error: unknown): unknown {
  const [, name, message = ''] =
    /^AWS SDK error wrapper for (\w+): (.*)/.exec(errorParts(error).message) ?? [];
  return name ? { name, message, code: /\bE[A-Z]{4,}\b/.exec(message)?.[0] } : error;
}
