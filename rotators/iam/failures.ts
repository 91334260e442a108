import { awsFailure, errorParts, RotationError } from '../../src/index.js';

/** Returns the error for a failed call to IAM or STS, with what to do. */
export function toAwsFailure(error: unknown, what: string): RotationError {
  const [code, problem, hint] = awsFailure(error, {
    resource: 'this user',
    way:
      'most often the function is in a VPC that does not reach the API. A NAT gateway reaches both STS and IAM. Without one, ' +
      'add the interface endpoints com.amazonaws.<region>.sts and com.amazonaws.iam; the latter exists only in us-east-1 ' +
      '(other Regions reach it through a transit gateway). Their security groups must let port 443 in',
    refusals: [
      [/^NoSuchEntity/, ['ERR_USER_MISSING', 'found no such user', 'correct the user’s name in the secret']],
      [
        /^LimitExceeded/,
        [
          'ERR_SERVICE_FULL',
          'found no room for another key',
          'another attempt, or somebody else, has just made a key, and a user has two at most. The next attempt makes room, if it can',
        ],
      ],
    ],
  });
  return new RotationError(code, `${what} ${problem}`, {
    hint,
    // The SDK attaches an answer that it could not read to its error: it may hold a new key.
    ...(refusalName(error) && { cause: error }),
  });
}

/** Returns the name of the service's refusal; empty for any other failure. */
export function refusalName(error: unknown): string {
  const isRefusal =
    typeof error === 'object' && error !== null && '$fault' in error && error.$fault === 'client';
  return isRefusal ? errorParts(error).name.replace(/Exception$/, '') : '';
}
