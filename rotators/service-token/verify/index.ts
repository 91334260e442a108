import { createHash, createPublicKey, type JsonWebKeyInput, timingSafeEqual, verify } from 'node:crypto';
import { SLOTS } from '../slots.js';

// Not `JsonWebKey` itself: @types/node has moved it to another namespace in version 26.
type JsonWebKey = JsonWebKeyInput['key'];

/** Public half of a signing key. */
export interface PublicJwk extends JsonWebKey {
  /** RFC 7638 thumbprint of the key. */
  readonly kid: string;
  /** Algorithm of the key. */
  readonly alg: 'EdDSA' | 'RS256';
  /** Always `sig`: the key signs. */
  readonly use: 'sig';
}

/** A set of public keys, to serve as a JWKS. */
export interface Jwks {
  /** The keys, each with its own `kid`. */
  readonly keys: readonly PublicJwk[];
}

/** Claims of a JWT. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Whether a token is one of the three tokens in the secret. The comparison takes the same time for every token.
 *
 * @param secret as parsed from the SecretString
 * @throws TypeError if the secret holds key pairs: use {@link verified} then
 *
 * @example
 * ```ts
 * import { rotatingSecret, tokenGuard } from 'quarterturn/client';
 * import { accepts } from 'quarterturn/rotators/service-token/verify';
 *
 * export const isKnown = tokenGuard(rotatingSecret('gate/token'), accepts);
 * ```
 */
export function accepts(secret: Readonly<Record<string, unknown>>, token: unknown): boolean {
  const held = SLOTS.map((slot) => secret[slot]).filter((value) => typeof value === 'string' && value !== '');
  if (held.some(isPem)) throw new TypeError('the secret holds signing keys, not tokens: use verified()');
  if (typeof token !== 'string') return false;
  const given = digest(token);
  // Compares with all of them. timingSafeEqual needs equal lengths, which digests have.
  return held.filter((value) => timingSafeEqual(digest(String(value)), given)).length > 0;
}

function isPem(value: unknown): boolean {
  return String(value).includes('-----BEGIN');
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** The key decides the algorithm, never the token: otherwise the public key could serve as an HMAC key. */
const ALGORITHMS: Readonly<Record<string, { readonly alg: string; readonly hash: string | null }>> = {
  ed25519: { alg: 'EdDSA', hash: null },
  rsa: { alg: 'RS256', hash: 'sha256' },
};
const LEAST_RSA_BITS = 2048;
const MOST_LEEWAY_SECONDS = 300;

/** How {@link verified} judges a token. */
export interface VerifyOptions {
  /**
   * Tolerance for clocks that differ, in seconds, at most 300. A token is accepted this long before its `nbf` and after its
   * `exp`.
   *
   * @default 0
   */
  readonly leewaySeconds?: number;
}

/**
 * Returns the claims of a JWT that one of the keys has signed, else `undefined`. It checks `exp` and `nbf` if the token has them.
 * Compare the issuer (`iss`) and the audience (`aud`) yourself.
 *
 * @throws RangeError if `leewaySeconds` is out of range
 * @throws Error if a key is not valid
 *
 * @example
 * ```ts
 * import { type Jwks, verified } from 'quarterturn/rotators/service-token/verify';
 *
 * export const subjectOf = (published: Jwks, token: string) => verified(published, token)?.sub;
 * ```
 */
export function verified(
  { keys }: Jwks,
  token: unknown,
  { leewaySeconds = 0 }: VerifyOptions = {},
): Claims | undefined {
  if (!(typeof leewaySeconds === 'number' && leewaySeconds >= 0 && leewaySeconds <= MOST_LEEWAY_SECONDS)) {
    throw new RangeError(`leewaySeconds must be a number from 0 to ${MOST_LEEWAY_SECONDS}`);
  }
  const parts = typeof token === 'string' ? /^([\w-]+)\.([\w-]+)\.([\w-]+)$/.exec(token) : null;
  if (!parts) return undefined;
  const [, head = '', body = '', signature = ''] = parts;
  const [header, claims] = [objectIn(head), objectIn(body)];
  const [jwk, ...others] = keys.filter(({ kid }) => kid === header?.kid);
  // `crit` names extensions that a verifier must support; this one supports none.
  if (!header || !claims || !jwk || others.length > 0 || 'crit' in header) return undefined;
  if (typeof header.kid !== 'string') return undefined;
  const signed = Buffer.from(signature, 'base64url');
  // Unused bits at the end would allow several texts of one token.
  if (signed.toString('base64url') !== signature) return undefined;
  // A symmetric key is never ours, whatever its kid.
  if (jwk.kty !== 'OKP' && jwk.kty !== 'RSA') return undefined;
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const algorithm = ALGORITHMS[key.asymmetricKeyType ?? ''];
  if (!algorithm || header.alg !== algorithm.alg) return undefined;
  if ((key.asymmetricKeyDetails?.modulusLength ?? LEAST_RSA_BITS) < LEAST_RSA_BITS) return undefined;
  const isSigned = verify(algorithm.hash, Buffer.from(`${head}.${body}`), key, signed);
  return isSigned && isInTime(claims, leewaySeconds) ? claims : undefined;
}

function objectIn(part: string): Claims | undefined {
  let json: unknown;
  try {
    // biome-ignore lint/plugin: services load this file alone, and its error goes nowhere.
    json = JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return undefined; // The sender learns only that the token is not accepted.
  }
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
}

function isInTime({ exp = Number.POSITIVE_INFINITY, nbf = 0 }: Claims, leewaySeconds: number): boolean {
  const now = Date.now() / 1000;
  const areNumbers = typeof exp === 'number' && typeof nbf === 'number';
  return areNumbers && nbf - leewaySeconds <= now && now < exp + leewaySeconds;
}
