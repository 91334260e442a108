import { quoted } from '../errors.js';
import { errorParts, isUnanswered, type ServiceFailure, THROTTLED, whyNotSent } from './failures.js';
import { QUOTA_USED_UP, throttleHint } from './throttles.js';

/** What {@link awsFailure} must know about an AWS API. */
export interface AwsApi {
  /** Resource that the function's role needs, as in "on the ARN of this user". */
  readonly resource: string;
  /** Hint if no answer comes: how the function reaches this API. */
  readonly way: string;
  /** Failures of this API only, by the names of the SDK's errors. */
  readonly refusals: readonly (readonly [name: RegExp, failure: ServiceFailure])[];
}

/**
 * Returns the code, problem and hint of an error that AWS's SDK has thrown. It repeats no message of the SDK, which may quote
 * an answer. Where answers contain secrets, do not use the SDK's error as a cause either.
 */
export function awsFailure(thrown: unknown, { resource, way, refusals }: AwsApi): ServiceFailure {
  const error = unwrapped(thrown);
  const { name, message, code } = errorParts(error);
  const notSent = whyNotSent(message);
  if (notSent) return ['ERR_SERVICE_FAILED', ...notSent];
  if (isUnanswered(error)) {
    const hint = throttleHint(error) ?? way;
    // The SDK also calls a reset connection a TimeoutError.
    return code === '' || code === 'ETIMEDOUT'
      ? ['ERR_SERVICE_TIMEOUT', 'got no answer in time', hint]
      : ['ERR_SERVICE_UNREACHABLE', `did not reach AWS (${code})`, hint];
  }
  const [, refusal] = [...refusals, ...common(resource)].find(([pattern]) => pattern.test(name)) ?? [];
  if (refusal) return refusal;
  const reason = name || 'an unknown error';
  return ['ERR_SERVICE_FAILED', `failed with ${quoted(reason)}`, 'look up this error in AWS’s API reference'];
}

/** Failures of every AWS API, and those of the SDK itself. */
function common(resource: string): AwsApi['refusals'] {
  return [
    [
      /^AccessDenied|^UnauthorizedOperation$|^NotAuthorized/,
      [
        'ERR_RIGHTS_MISSING',
        'was denied',
        `allow it for the function’s role, on the ARN of ${resource}; the policy of a VPC endpoint may deny it too`,
      ],
    ],
    [THROTTLED, ['ERR_SERVICE_FAILED', 'was throttled', QUOTA_USED_UP]],
    [
      /^CredentialsProviderError$/,
      ['ERR_SERVICE_FAILED', 'found no AWS credentials', 'outside Lambda, set AWS_PROFILE'],
    ],
    [/^ExpiredToken/, ['ERR_SERVICE_FAILED', 'had expired credentials', 'outside Lambda, sign in again']],
  ];
}

/** In Jest, Node's errors are not `instanceof Error` for the SDK, which then keeps only their text. */
function unwrapped(error: unknown): unknown {
  const [, name, message = ''] =
    /^AWS SDK error wrapper for (\w+): (.*)/.exec(errorParts(error).message) ?? [];
  return name ? { name, message, code: /\bE[A-Z]{4,}\b/.exec(message)?.[0] } : error;
}
