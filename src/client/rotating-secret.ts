import { HeldSecret } from './held-secret.js';
import { type RotatingSecretOptions, settingsOf } from './options.js';
import { sdkReader } from './reader.js';
import type { RotatingSecret } from './secret.js';

/**
 * Returns a secret of AWS Secrets Manager that stays fresh in memory.
 *
 * The first call of a method reads it; this function sends nothing.
 *
 * @param id name, ARN or partial ARN. The Region comes from the ARN, else from the environment
 * @example
 * ```ts
 * const secret = rotatingSecret('app/db');
 * const { value } = await secret.get();
 * ```
 * @throws TypeError if an option is invalid or `id` is neither a name nor an ARN
 */
export function rotatingSecret<T = Readonly<Record<string, unknown>>>(
  id: string,
  options: RotatingSecretOptions<T> = {},
): RotatingSecret<T> {
  // Never quoted or sent: it may be the secret's value, and AWS would log it in CloudTrail.
  if (typeof id !== 'string' || !/^[\w/+=.@!:-]{1,2048}$/.test(id)) {
    throw new TypeError('invalid secret id: pass the secret’s name or ARN, never its value');
  }
  return new HeldSecret(id, settingsOf(options), options.client ?? sdkReader(id));
}
