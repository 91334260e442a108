import { awsFailure, errorParts, RotationError } from '../../src/index.js';

/** Says what went wrong between us and IAM or STS, and what to do. */
export function toAwsFailure(error: unknown, what: string): RotationError {
  const [code, problem, hint] = awsFailure(error, {
    resource: 'this user',
    way:
      'most often the function is in a VPC from which it does not reach the API. A NAT gateway reaches both. Without one, STS ' +
      'needs an interface endpoint com.amazonaws.<region>.sts, and IAM com.amazonaws.iam, which exists in us-east-1 alone ' +
      '(from another Region by way of a transit gateway); their security groups must let port 443 in',
    refusals: [
      [
        /^NoSuchEntity/,
        ['ERR_USER_MISSING', 'found no such user', 'correct the name of the user in the secret'],
      ],
      [
        /^LimitExceeded/,
        [
          'ERR_SERVICE_FULL',
          'found no room for another key',
          'a user has two at most: another attempt, or somebody else, has just made one; the next attempt makes room, if it can',
        ],
      ],
    ],
  });
  return new RotationError(code, `${what} ${problem}`, {
    hint,
    // An answer that the SDK could not read hangs on its error, and may be a new key.
    ...(refusalName(error) && { cause: error }),
  });
}

/** The name of a refusal by the service; empty for whatever else went wrong. */
export function refusalName(error: unknown): string {
  const isRefusal =
    typeof error === 'object' && error !== null && '$fault' in error && error.$fault === 'client';
  return isRefusal ? errorParts(error).name.replace(/Exception$/, '') : '';
}
