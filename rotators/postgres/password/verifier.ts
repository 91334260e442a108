import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from '../wire/saslprep.js';

/**
 * Returns the SCRAM-SHA-256 verifier of a password (RFC 5802, RFC 7677), which PostgreSQL stores. It is salted: SQL and logs may
 * hold it without revealing the password.
 */
export async function scramVerifier(
  password: string,
  iterations: number,
  salt: Buffer = randomBytes(16),
): Promise<string> {
  const salted = await promisify(pbkdf2)(saslprep(password), salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const serverKey = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** Returns the MD5 hash that PostgreSQL stores for a password. Anyone who has it can log in with it: it is a credential itself. */
export function md5Verifier(password: string, username: string): string {
  return `md5${createHash('md5').update(password).update(username).digest('hex')}`;
}
