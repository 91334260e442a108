import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { StepContext } from '../../src/index.js';
import { compact, readKey } from './keys.js';
import { type ServiceTokenSecret, valuesOf } from './secret.js';
import { jwks, sign } from './sign/index.js';
import { accepts, type Claims, type Jwks, verified } from './verify/index.js';

/** A kind of value in the secret, in its form for the service (`Accepted`) and for a client (`Credential`). */
export interface Kind<Accepted, Credential> {
  /** Name of a value in errors, after "is not". */
  readonly noun: string;
  make(): Promise<string>;
  isUsable(value: string): boolean;
  /** Whether the values work, as far as this can be checked without the service. */
  works(secret: ServiceTokenSecret): boolean;
  /** Returns the data with which the service accepts any of the values. */
  accepted(values: readonly string[]): Accepted;
  /** Returns a client's credential. */
  credential(value: string, context: StepContext): Credential;
  /** Returns a credential of the same form that no service may accept. */
  impostor(value: string): Credential;
}

/** Returns the kind of random tokens: 32 random bytes, as 43 characters of A-Z, a-z, 0-9, `-` and `_`. */
export function randomTokens(): Kind<readonly string[], string> {
  const make = () => randomBytes(32).toString('base64url');
  const isUsable = (value: string) => !value.includes('-----BEGIN');
  return {
    noun: 'a token, but a private key',
    make: async () => make(),
    isUsable,
    works(secret) {
      const values = valuesOf(secret);
      return (
        values.every(isUsable) && values.every((value) => accepts(secret, value)) && !accepts(secret, make())
      );
    },
    accepted: (values) => values,
    credential: (value) => value,
    // Not the token with one letter changed: services log the tokens that they refuse.
    impostor: make,
  };
}

/** Function that signs claims as a client of the secret does. */
export type Sign = (claims: Claims) => string;

/** Returns the kind of private keys: PKCS #8, in PEM. */
export function keyPairs(kind: 'Ed25519' | 'RSA', modulusLength: number): Kind<Jwks, Sign> {
  return {
    noun: 'a private key (Ed25519, or RSA with at least 2048 bits, in PEM)',
    async make() {
      const { privateKey } = await (kind === 'RSA'
        ? promisify(generateKeyPair)('rsa', { modulusLength })
        : promisify(generateKeyPair)('ed25519'));
      return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    },
    isUsable: (value) => readKey(value) !== undefined,
    works(secret) {
      if (!valuesOf(secret).every((value) => readKey(value))) return false;
      const published = jwks(secret);
      return valuesOf(secret).every((value) => {
        const claims = verified(published, sign({ current: value }, { sub: 'test' }));
        return claims?.sub === 'test';
      });
    },
    accepted(values) {
      // Each key once, even if the texts differ: a verifier refuses a duplicate `kid`.
      const keys = values.flatMap((value) => jwks({ current: value }).keys);
      return { keys: [...new Map(keys.map((key) => [key.kid, key])).values()] };
    },
    credential:
      (value, { hide }) =>
      (claims) => {
        const token = sign({ current: value }, claims);
        hide(token);
        return token;
      },
    impostor: (value) => (claims) => {
      const key = readKey(value);
      if (!key) throw new TypeError('not a private key');
      const bytes = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 512) / 8);
      return compact(key, claims, () => randomBytes(bytes));
    },
  };
}
