import { HeldSecret } from './held-secret.js';
import { type RotatingSecretOptions, settingsOf } from './options.js';
import { sdkReader } from './reader.js';
import type { RotatingSecret } from './secret.js';

/**
 * Reads a secret of AWS Secrets Manager, and keeps it fresh.
 *
 * @param id name, ARN or partial ARN
 * @example
 * ```ts
 * const secret = rotatingSecret('app/db');
 * const { value } = await secret.get();
 * ```
 * @throws TypeError for an option that is invalid
 */
export function rotatingSecret<T = Readonly<Record<string, unknown>>>(
  id: string,
  options: RotatingSecretOptions<T> = {},
): RotatingSecret<T> {
  // Not quoted: an environment may hold the value where its name was meant, and AWS would write it into CloudTrail.
  if (typeof id !== 'string' || !/^[\w/+=.@:-]{1,2048}$/.test(id)) {
    throw new TypeError('invalid secret id: pass the secret’s name or ARN, never its value');
  }
  return new HeldSecret(id, settingsOf(options), options.client ?? sdkReader(id));
}
