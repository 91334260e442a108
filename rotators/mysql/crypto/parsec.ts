import { createPrivateKey, createPublicKey, pbkdf2Sync, randomBytes, sign } from 'node:crypto';

/** MariaDB's PARSEC: a key of Ed25519 that is derived from a password by PBKDF2, with this salt. */
export interface ParsecSalt {
  /** The iterations are 1024 times two to this power. */
  readonly power: number;
  readonly salt: Buffer;
}

/** Of iterations 524,288, which take a third of a second. MariaDB's own hashes have 0, and its clients stop at 3. */
export const MAX_POWER = 9;

/** What comes before the seed in the DER of a private key. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Returns the public key, 32 bytes. */
export function parsecPublicKey(password: string, salt: ParsecSalt): Buffer {
  return createPublicKey(privateKey(password, salt)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** Returns what proves the password to the server that has sent these 32 bytes: 32 bytes of ours, and the signature. */
export function parsecResponse(password: string, salt: ParsecSalt, scramble: Buffer): Buffer {
  const own = randomBytes(32);
  return Buffer.concat([own, sign(null, Buffer.concat([scramble, own]), privateKey(password, salt))]);
}

/**
 * Reads the salt that a server sends during a login.
 *
 * @throws Error if it is none, or asks for more iterations than can be computed in time
 */
export function parsecSalt(sent: Buffer): ParsecSalt {
  const [kind, power = MAX_POWER + 1] = sent;
  if (kind !== 'P'.charCodeAt(0) || power > MAX_POWER || sent.length < 3) {
    throw new Error('the salt of parsec is none that is known');
  }
  return { power, salt: sent.subarray(2) };
}

function privateKey(password: string, { power, salt }: ParsecSalt) {
  const seed = pbkdf2Sync(password, salt, 1024 << power, 32, 'sha512');
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
