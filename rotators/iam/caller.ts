import { loadDriver, type StepContext } from '../../src/index.js';
import type { NewAccessKey } from './access-keys.js';
import { refusalName, toAwsFailure } from './failures.js';

/**
 * Asks STS whose a key is, with the key itself: the one call of AWS that needs no right, and that no policy of the user
 * can deny.
 *
 * @returns the ARN of the key's user
 * @throws RotationError if STS could not be asked
 */
export async function callerOf(key: NewAccessKey, { signal }: StepContext): Promise<string | 'rejected'> {
  const { callerArn } = await loadDriver('@aws-sdk/client-sts@^3.1174.0', () => import('./sts-client.js'));
  try {
    return await callerArn(key, signal);
  } catch (error) {
    // SignatureDoesNotMatch means the wrong secret key, unless it is this machine's clock that is wrong.
    const isRejected = /^(InvalidClientTokenId|SignatureDoesNotMatch)$/.test(refusalName(error));
    if (isRejected && !/expired|not yet current/i.test(String(error))) return 'rejected';
    throw toAwsFailure(error, 'sts:GetCallerIdentity with the key itself');
  }
}
