import { isRotationError, quoted } from '../../../src/index.js';
import type { Session, Witness } from '../account.js';
import { toFailure, userMissing } from '../failures.js';
import type { Account } from '../session.js';
import { stringLiteral } from '../sql.js';
import { accountsOf, mayNotLook } from './accounts.js';

/** Rights to the whole server that give no way to more. All others may read or write the tables of users. */
const HARMLESS = [
  'USAGE',
  'CREATE TEMPORARY TABLES',
  'LOCK TABLES',
  'SHOW DATABASES',
  'REPLICATION CLIENT',
  'BINLOG MONITOR',
];

/** Returns why a user is privileged: the reason of the first account that can do more than use databases. */
export async function rankOf(username: string, { session }: Witness): Promise<string | undefined> {
  const accounts = await accountsOf([username], session);
  if (!accounts) throw mayNotLook(session);
  if (accounts.length === 0) throw userMissing(username);
  for (const account of accounts) {
    const rank = await rankOfAccount(account, session);
    if (rank !== undefined) return rank;
  }
  return undefined;
}

/**
 * Returns why an account is privileged, beginning with the verb ("has …"). Any role counts: its rights are not read.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if the administrator may not see its rights
 */
export async function rankOfAccount(
  { user, host }: Account,
  administrator: Session,
): Promise<string | undefined> {
  const grantee = stringLiteral(`'${user}'@'${host}'`);
  const [name, from] = [stringLiteral(user), stringLiteral(host)];
  const roles =
    administrator.flavour === 'mysql'
      ? `mysql.role_edges WHERE TO_USER = ${name} AND TO_HOST = ${from}`
      : `mysql.roles_mapping WHERE User = ${name} AND Host = ${from}`;
  try {
    const rows = await administrator.query(
      `SELECT 'server' AS kind, PRIVILEGE_TYPE AS privilege, IS_GRANTABLE AS grantable FROM information_schema.USER_PRIVILEGES ` +
        `WHERE GRANTEE = ${grantee}`,
    );
    // Each account has at least USAGE. No row means that the administrator may not look.
    if (rows.length === 0) throw mayNotLook(administrator);
    const rights = rows.filter(
      ({ privilege, grantable }) => grantable !== 'NO' || !HARMLESS.includes(String(privilege)),
    );
    if (rights.length > 0)
      return `has ${rights
        .map(({ privilege }) => String(privilege))
        .sort()
        .slice(0, 3)
        .join(', ')} on *.*`;
    const [row] = await administrator.query(
      `SELECT (SELECT COUNT(*) FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = ${grantee} AND 'mysql' LIKE TABLE_SCHEMA) + ` +
        `(SELECT COUNT(*) FROM information_schema.TABLE_PRIVILEGES WHERE GRANTEE = ${grantee} AND TABLE_SCHEMA = 'mysql') AS tables, ` +
        `(SELECT COUNT(*) FROM ${roles}) AS roles, ` +
        `(SELECT COUNT(*) FROM mysql.proxies_priv WHERE User = ${name} AND Host = ${from}) AS proxies`,
    );
    const found = Object.entries({
      tables: 'has rights in the database mysql',
      roles: 'has a role',
      proxies: 'may act as another user',
    });
    return found.find(([column]) => String(row?.[column]) !== '0')?.[1];
  } catch (error) {
    throw isRotationError(error)
      ? error
      : toFailure(error, `read the rights of "${quoted(`${user}@${host}`)}"`, administrator);
  }
}
