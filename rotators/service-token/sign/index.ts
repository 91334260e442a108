import { type KeyObject, sign as signBytes } from 'node:crypto';
import { compact, publicJwk, readKey } from '../keys.js';
import { SLOTS } from '../slots.js';
import type { Claims, Jwks, PublicJwk } from '../verify/index.js';

/**
 * Signs a JWT with the key in `current`, as a client does. Without an `exp` among the claims it is good until the key
 * has left the secret.
 *
 * @param secret as parsed from the SecretString
 * @throws TypeError if it holds no key there
 */
export function sign(secret: Readonly<Record<string, unknown>>, claims: Claims): string {
  const key = keyIn(secret, 'current');
  const hash = key.asymmetricKeyType === 'rsa' ? 'sha256' : null;
  return compact(key, claims, (data) => signBytes(hash, data, key));
}

/**
 * The public keys of a secret, to be published or given to the services: all three, so that whoever is one refresh
 * late finds the key by its `kid`.
 *
 * @param secret as parsed from the SecretString
 * @throws TypeError if it holds what is no key
 */
export function jwks(secret: Readonly<Record<string, unknown>>): Jwks {
  const held = SLOTS.filter((slot) => secret[slot] !== undefined);
  // While the secret is new, two of its keys are the same.
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
    throw new TypeError(`"${slot}" is no private key (Ed25519, or RSA of 2048 bits and more, as PEM)`);
  return key;
}
