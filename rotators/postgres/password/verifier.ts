import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { saslprep } from '../wire/saslprep.js';

/**
 * What PostgreSQL stores in place of a SCRAM-SHA-256 password (RFC 5802, RFC 7677): salted, so that it can be sent in
 * SQL and end in a log without giving the password away.
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

/** What PostgreSQL stores in place of an MD5 password. Whoever has it can log in with it: it is a credential itself. */
export function md5Verifier(password: string, username: string): string {
  return `md5${createHash('md5').update(password).update(username).digest('hex')}`;
}
