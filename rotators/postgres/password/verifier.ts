import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

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

/**
 * The mappings of SASLprep (RFC 4013) that PostgreSQL and libpq apply before they hash. Printable ASCII, of which our
 * passwords are made, stays as it is; passwords that people have chosen need not.
 */
function saslprep(password: string): string {
  return password.replace(SPACES, ' ').replace(MAPPED_TO_NOTHING, '').normalize('NFKC');
}

/** RFC 3454, tables C.1.2 and B.1. */
const SPACES = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g;
const MAPPED_TO_NOTHING = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/g;
