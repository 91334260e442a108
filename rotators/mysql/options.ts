import { createPublicKey } from 'node:crypto';
import type { DatabaseOptions } from '../databases/connections.js';
import type { SingleUserOptions } from '../databases/single-user.js';
import type { MysqlSecret } from './secret.js';

/** Options of the rotator for MySQL and MariaDB. */
export interface MysqlOptions
  extends Omit<DatabaseOptions<MysqlSecret>, 'channelBinding'>,
    Pick<SingleUserOptions<MysqlSecret>, 'mayReset'> {
  /**
   * Number of passwords that the server holds after a rotation. With 2, the old password keeps working as AWSPREVIOUS until
   * the next rotation. With 1, it ends in setSecret, as with AWS's function.
   *
   * @default 2
   */
  readonly keeps?: 1 | 2;
  /**
   * Hosts of the accounts to change together, by user name: `{ app: ['%', '10.1.%'] }`. Each account must have AWSCURRENT's
   * password, and must have no rights over the server. Accounts for other hosts stay as they are.
   *
   * @default {} (the rotation of a user with several accounts fails)
   */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /**
   * RSA public key of the server, in PEM, for secrets with `"ssl": false`. Read it from the server yourself:
   * `SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'`. After each change MySQL asks for the caching_sha2_password
   * itself. Without TLS it is sent only encrypted with this key.
   */
  readonly serverPublicKey?: string;
}

/** Options of the rotator's part that is loaded at the first login. */
export interface ServerOptions {
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly keeps: 1 | 2;
  readonly serverPublicKey: string | undefined;
  /** Number of statements that set two passwords on MySQL. If one is not enough, the rotator finds out. */
  readonly statements: 'one' | 'two';
}

/** @throws TypeError if an option is invalid */
export function serverOptions(
  { keeps = 2, hosts = {}, serverPublicKey }: MysqlOptions,
  statements: ServerOptions['statements'] = 'one',
): ServerOptions {
  if (keeps !== 1 && keeps !== 2) throw new TypeError('keeps must be 1 or 2');
  for (const [user, own] of Object.entries(hosts)) {
    if (own.length === 0 || new Set(own).size !== own.length) {
      throw new TypeError(`hosts must name each host of "${user}" once, and at least one`);
    }
  }
  if (serverPublicKey !== undefined && !isPublicKey(serverPublicKey)) {
    throw new TypeError('serverPublicKey must be a public key in PEM, not a file path');
  }
  return { keeps, hosts, serverPublicKey, statements };
}

function isPublicKey(pem: string): boolean {
  try {
    // Node.js would also take the key of a certificate, which is another key.
    return pem.includes('PUBLIC KEY-----') && createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
