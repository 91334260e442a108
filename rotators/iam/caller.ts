import { loadDriver, type StepContext } from '../../src/index.js';
import type { NewAccessKey } from './access-keys.js';
import { refusalName, toAwsFailure } from './failures.js';

/**
 * Asks STS for a key's user, with the key itself. This call needs no right, and no policy of the user can deny it.
 *
 * @returns the ARN of the key's user
 * @throws RotationError if STS did not say whose key it is
 */
export async function callerOf(key: NewAccessKey, { signal }: StepContext): Promise<string | 'rejected'> {
  const { callerArn } = await loadDriver('@aws-sdk/client-sts@^3.1174.0', () => import('./sts-client.js'));
  try {
    return await callerArn(key, signal);
  } catch (error) {
    // SignatureDoesNotMatch means a wrong secret key, unless this machine's clock is wrong.
    const isRejected = /^(InvalidClientTokenId|SignatureDoesNotMatch)$/.test(refusalName(error));
    if (isRejected && !/expired|not yet current/i.test(String(error))) return 'rejected';
    throw toAwsFailure(error, 'sts:GetCallerIdentity with the key itself');
  }
}
