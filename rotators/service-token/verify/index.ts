import { createHash, createPublicKey, type JsonWebKey, timingSafeEqual, verify } from 'node:crypto';
import { SLOTS } from '../slots.js';

/** The public half of a signing key. Its `kid` is its RFC 7638 thumbprint. */
export interface PublicJwk extends JsonWebKey {
  readonly kid: string;
  readonly alg: 'EdDSA' | 'RS256';
  readonly use: 'sig';
}

export interface Jwks {
  readonly keys: readonly PublicJwk[];
}

export type Claims = Readonly<Record<string, unknown>>;

/**
 * Whether a service takes a token: one of the three in its secret, as parsed from the SecretString. How long it takes
 * tells nothing of them.
 *
 * @throws TypeError if the secret holds key pairs: who has the private key need not sign
 */
export function accepts(secret: Readonly<Record<string, unknown>>, token: unknown): boolean {
  const held = SLOTS.map((slot) => secret[slot]).filter((value) => typeof value === 'string' && value !== '');
  if (held.some(isPem)) throw new TypeError('the secret holds signing keys, not tokens: use verified()');
  if (typeof token !== 'string') return false;
  const given = digest(token);
  // All of them, whichever it is. Digests have one length, as timingSafeEqual wants it.
  return held.filter((value) => timingSafeEqual(digest(String(value)), given)).length > 0;
}

function isPem(value: unknown): boolean {
  return String(value).includes('-----BEGIN');
}

function digest(value: string): Buffer {
  return createHash('sha256').update(value).digest();
}

/** The key says which algorithm it is for, never the token: else the public key could become an HMAC's. */
const ALGORITHMS: Readonly<Record<string, { readonly alg: string; readonly hash: string | null }>> = {
  ed25519: { alg: 'EdDSA', hash: null },
  rsa: { alg: 'RS256', hash: 'sha256' },
};
const LEAST_RSA_BITS = 2048;
const MOST_LEEWAY_SECONDS = 300;

/** How {@link verified} judges a token. */
export interface VerifyOptions {
  /**
   * How many seconds the clock of who signed may differ from ours, 300 at most: for so long a token is accepted before its
   * `nbf` and after its `exp`.
   *
   * @default 0
   */
  readonly leewaySeconds?: number;
}

/**
 * Returns the claims of a JWT that one of the keys has signed, or `undefined`. `exp` and `nbf` are heeded where they are
 * there; who issued it (`iss`) and for whom (`aud`) is the caller's to compare.
 *
 * @throws RangeError for another leeway
 * @throws Error if the key set is none
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
  // `crit` names what a verifier must understand; this one understands none of it.
  if (!header || !claims || !jwk || others.length > 0 || 'crit' in header) return undefined;
  if (typeof header.kid !== 'string') return undefined;
  const signed = Buffer.from(signature, 'base64url');
  // Bits at the end that say nothing would make other texts of the same token.
  if (signed.toString('base64url') !== signature) return undefined;
  // A symmetric key is no key of ours, whatever its kid.
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
    return undefined; // Whoever sent it is told no more than that it is not accepted.
  }
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
}

function isInTime({ exp = Number.POSITIVE_INFINITY, nbf = 0 }: Claims, leewaySeconds: number): boolean {
  const now = Date.now() / 1000;
  const areNumbers = typeof exp === 'number' && typeof nbf === 'number';
  return areNumbers && nbf - leewaySeconds <= now && now < exp + leewaySeconds;
}
