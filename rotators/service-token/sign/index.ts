import { type KeyObject, sign as signBytes } from 'node:crypto';
import { compact, publicJwk, readKey } from '../keys.js';
import { SLOTS } from '../slots.js';
import type { Claims, Jwks, PublicJwk } from '../verify/index.js';

/**
 * Returns a JWT signed with the key in `current`, as a client sends it. Without the claim `exp` it is valid until the key leaves
 * the secret.
 *
 * @param secret as parsed from the SecretString
 * @throws TypeError if `current` is not a private key
 *
 * @example
 * ```ts
 * import { sign } from 'quarterturn/rotators/service-token/sign';
 *
 * export const tokenFor = (secret: Record<string, unknown>) =>
 *   sign(secret, { sub: 'billing', aud: 'ledger', exp: Math.floor(Date.now() / 1000) + 300 });
 * ```
 */
export function sign(secret: Readonly<Record<string, unknown>>, claims: Claims): string {
  const key = keyIn(secret, 'current');
  const hash = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return compact(key, claims, (data) => signBytes(hash, data, key));
}

/**
 * Returns all public keys of a secret, to publish or to give to services. A service that is one refresh late still finds the key
 * by its `kid`.
 *
 * @param secret as parsed from the SecretString
 * @throws TypeError if a field is not a private key
 */
export function jwks(secret: Readonly<Record<string, unknown>>): Jwks {
  const held = SLOTS.filter((slot) => secret[slot] !== undefined);
  // In a new secret two of the keys are the same.
  const byKid = new Map<string, PublicJwk>();
  for (const slot of held) {
    const jwk = publicJwk(keyIn(secret, slot));
    byKid.set(jwk.kid, jwk);
  }
  return { keys: [...byKid.values()] };
}

function keyIn(secret: Readonly<Record<string, unknown>>, slot: string): KeyObject {
  const value = secret[slot];
  const key = typeof value === 'string' ? readKey(value) : undefined;
  if (!key)
    throw new TypeError(`"${slot}" is not a private key (Ed25519, or RSA with at least 2048 bits, in PEM)`);
  return key;
}
