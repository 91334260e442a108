import { createPrivateKey, createPublicKey, pbkdf2Sync, randomBytes, sign } from 'node:crypto';

/** Salt of MariaDB's PARSEC, which derives an Ed25519 key from a password with PBKDF2. */
export interface ParsecSalt {
  /** Exponent of the iterations: 1024 times two to this power. */
  readonly power: number;
  readonly salt: Buffer;
}

/** Highest power: 524,288 iterations, a third of a second. MariaDB's own hashes have 0; its clients stop at 3. */
export const MAX_POWER = 9;

/** The DER of a private key, up to the seed. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Returns the public key, 32 bytes. */
export function parsecPublicKey(password: string, salt: ParsecSalt): Buffer {
  return createPublicKey(privateKey(password, salt)).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** Returns the proof of the password for a server that sent these 32 bytes: 32 bytes of ours, and the signature. */
export function parsecResponse(password: string, salt: ParsecSalt, scramble: Buffer): Buffer {
  const own = randomBytes(32);
  return Buffer.concat([own, sign(null, Buffer.concat([scramble, own]), privateKey(password, salt))]);
}

/**
 * Reads the salt that a server sends during a login.
 *
 * @throws Error if it is not a salt, or asks for more iterations than {@link MAX_POWER}
 */
export function parsecSalt(sent: Buffer): ParsecSalt {
  const [kind, power = MAX_POWER + 1] = sent;
  if (kind !== 'P'.charCodeAt(0) || power > MAX_POWER || sent.length < 3) {
    throw new Error('the server sent an unknown kind of parsec salt');
  }
  return { power, salt: sent.subarray(2) };
}

function privateKey(password: string, { power, salt }: ParsecSalt) {
  const seed = pbkdf2Sync(password, salt, 1024 << power, 32, 'sha512');
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}
