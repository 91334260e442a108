import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Claims, PublicJwk } from './verify/index.js';

/** Returns the private key in a PEM text, if it is Ed25519, or RSA with at least 2048 bits. */
export function readKey(pem: string): KeyObject | undefined {
  const key = privateKeyIn(pem);
  const isOurs =
    key?.asymmetricKeyType === 'ed25519' ||
    (key?.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048);
  return isOurs ? key : undefined;
}

function privateKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined; // OpenSSL's message may describe the private key: do not repeat it.
  }
}

/** Returns the public key as a JWK, member by member, so that no private member gets in. */
export function publicJwk(key: KeyObject): PublicJwk {
  const { crv = '', x = '', e = '', n = '' } = createPublicKey(key).export({ format: 'jwk' });
  if (key.asymmetricKeyType === 'ed25519') {
    const members = { crv, kty: 'OKP', x };
    return { ...members, kid: thumbprint(members), alg: 'EdDSA', use: 'sig' };
  }
  const members = { e, kty: 'RSA', n };
  return { ...members, kid: thumbprint(members), alg: 'RS256', use: 'sig' };
}

/** Returns the RFC 7638 thumbprint of a key's members, which must be in alphabetical order. */
function thumbprint(members: object): string {
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** Returns a JWT in compact form. */
export function compact(key: KeyObject, claims: Claims, signature: (data: Buffer) => Buffer): string {
  const { alg, kid } = publicJwk(key);
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  const data = `${encode({ alg, typ: 'JWT', kid })}.${encode(claims)}`;
  return `${data}.${signature(Buffer.from(data)).toString('base64url')}`;
}
