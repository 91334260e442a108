import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { StepContext } from '../../src/index.js';
import { compact, readKey } from './keys.js';
import { type ServiceTokenSecret, valuesOf } from './secret.js';
import { jwks, sign } from './sign/index.js';
import { accepts, type Claims, type Jwks, verified } from './verify/index.js';

/** What is kept in the secret, and what it comes to at the service (`Accepted`) and with a client (`Credential`). */
export interface Kind<Accepted, Credential> {
  /** What a value is, in errors. */
  readonly noun: string;
  make(): Promise<string>;
  isUsable(value: string): boolean;
  /** Whether the values do what they are for, as far as can be told without the service. */
  works(secret: ServiceTokenSecret): boolean;
  /** What the service must know to accept any of the values. */
  accepted(values: readonly string[]): Accepted;
  /** What a client sends. */
  credential(value: string, context: StepContext): Credential;
  /** What looks like it, and no service may accept. */
  impostor(value: string): Credential;
}

/** 32 random bytes: 43 characters of A-Z, a-z, 0-9, `-` and `_`. */
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
    // Not the token with a letter changed: services log what they refuse.
    impostor: make,
  };
}

/** Signs claims as a client of the secret does. */
export type Sign = (claims: Claims) => string;

/** Private keys as PKCS #8, in PEM. */
export function keyPairs(kind: 'Ed25519' | 'RSA', modulusLength: number): Kind<Jwks, Sign> {
  return {
    noun: 'a private key (Ed25519, or RSA of 2048 bits and more, as PEM)',
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
      // Once each, however it is written: a verifier refuses a `kid` that stands there twice.
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
      if (!key) throw new TypeError('no private key');
      const bytes = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 512) / 8);
      return compact(key, claims, () => randomBytes(bytes));
    },
  };
}
