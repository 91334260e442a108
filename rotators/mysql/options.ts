import { createPublicKey } from 'node:crypto';
import type { DatabaseOptions } from '../databases/connections.js';
import type { SingleUserOptions } from '../databases/single-user.js';
import type { MysqlSecret } from './secret.js';

/** What the rotator for MySQL and MariaDB can be told. */
export interface MysqlOptions
  extends Omit<DatabaseOptions<MysqlSecret>, 'channelBinding'>,
    Pick<SingleUserOptions<MysqlSecret>, 'mayReset'> {
  /**
   * How many passwords the server holds after a rotation. With 2, what AWSCURRENT was before goes on working as AWSPREVIOUS until
   * the next rotation. With 1 it ends in setSecret, as with AWS's function.
   *
   * @default 2
   */
  readonly keeps?: 1 | 2;
  /**
   * By the name of a user, the hosts of its accounts that are changed together: `{ app: ['%', '10.1.%'] }`. Each must have
   * AWSCURRENT's password, and no rights over the server. Accounts for other hosts are left as they are.
   *
   * @default none: a user with several accounts is refused
   */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /**
   * The server's RSA key, PEM, for secrets that say `"ssl": false`: `SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'`.
   * MySQL asks for a new caching_sha2_password itself, and without TLS it is given encrypted with this key, or not at all.
   */
  readonly serverPublicKey?: string;
}

/** What the server's half of the rotator is told. */
export interface ServerOptions {
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  readonly keeps: 1 | 2;
  readonly serverPublicKey: string | undefined;
  /** In how many statements MySQL is told of two passwords, if it keeps them. What takes no more than one form is found out. */
  readonly statements: 'one' | 'two';
}

/** @throws TypeError for an option that cannot be */
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
    throw new TypeError('serverPublicKey must be a public key in PEM, not the path of a file');
  }
  return { keeps, hosts, serverPublicKey, statements };
}

function isPublicKey(pem: string): boolean {
  try {
    // Of a certificate Node.js would take the key, which is another.
    return pem.includes('PUBLIC KEY-----') && createPublicKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
