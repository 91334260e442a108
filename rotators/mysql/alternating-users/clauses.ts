import { quoted } from '../../../src/index.js';
import type { Session } from '../account.js';
import { errnoOf, toFailure, userMissing } from '../failures.js';
import { mayNotLook } from '../password/accounts.js';
import type { Account } from '../session.js';
import { quotedLiteral, stringLiteral } from '../sql.js';
import type { Row } from '../wire/mysql2.js';

/** Absent before MySQL 8.0.19; the clause is left out then. */
const LOCKING = (name: string) => `JSON_UNQUOTE(JSON_EXTRACT(User_attributes, '$.Password_locking.${name}'))`;

/** Columns of mysql.user, because SHOW CREATE USER does not quote the names in REQUIRE. */
const COLUMNS =
  'ssl_type, CAST(ssl_cipher AS CHAR) AS CIPHER, CAST(x509_issuer AS CHAR) AS ISSUER, CAST(x509_subject AS CHAR) AS SUBJECT, ' +
  'max_questions, max_updates, max_connections, max_user_connections, ' +
  'password_lifetime, Password_reuse_history, Password_reuse_time, Password_require_current, ' +
  `${LOCKING('failed_login_attempts')} AS attempts, ${LOCKING('password_lock_time_days')} AS days`;

/**
 * Returns the settings of an account that a role does not give, as clauses of CREATE USER and ALTER USER: conditions and
 * limits for logins, and rules for passwords.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if the administrator may not see them
 */
export async function clausesOf(original: Account, clone: Account, administrator: Session): Promise<string> {
  const own = await rowOf(original, administrator);
  if (!own) throw userMissing(original.user);
  const found = await rowOf(clone, administrator);
  const number = (name: string) => Number(own[name] ?? 0);
  return [
    `REQUIRE ${requiredBy(own)}`,
    `WITH MAX_QUERIES_PER_HOUR ${number('max_questions')} MAX_UPDATES_PER_HOUR ${number('max_updates')}`,
    `MAX_CONNECTIONS_PER_HOUR ${number('max_connections')} MAX_USER_CONNECTIONS ${number('max_user_connections')}`,
    `PASSWORD EXPIRE ${lifetime(own.password_lifetime)}`,
    `PASSWORD HISTORY ${own.Password_reuse_history === null ? 'DEFAULT' : number('Password_reuse_history')}`,
    `PASSWORD REUSE INTERVAL ${own.Password_reuse_time === null ? 'DEFAULT' : `${number('Password_reuse_time')} DAY`}`,
    `PASSWORD REQUIRE CURRENT ${requireCurrent(own.Password_require_current)}`.trimEnd(),
    ...(own.attempts === null && (found?.attempts ?? null) === null ? [] : [locking(own)]),
  ].join(' ');
}

async function rowOf({ user, host }: Account, administrator: Session): Promise<Row | undefined> {
  try {
    const rows = await administrator.query(
      `SELECT ${COLUMNS} FROM mysql.user WHERE User = ${stringLiteral(user)} AND Host = ${stringLiteral(host)}`,
    );
    return rows[0];
  } catch (error) {
    if ([1044, 1142, 1143].includes(errnoOf(error) ?? 0)) throw mayNotLook(administrator);
    throw toFailure(error, `look at "${quoted(`${user}@${host}`)}"`, administrator);
  }
}

function requiredBy(own: Row): string {
  const kinds: Readonly<Record<string, string>> = { '': 'NONE', ANY: 'SSL', X509: 'X509' };
  const parts = ['SUBJECT', 'ISSUER', 'CIPHER'].filter((part) => String(own[part] ?? '') !== '');
  return (
    kinds[String(own.ssl_type)] ??
    parts.map((part) => `${part} ${quotedLiteral(String(own[part]))}`).join(' AND ')
  );
}

function lifetime(days: unknown): string {
  if (days === null) return 'DEFAULT';
  return Number(days) === 0 ? 'NEVER' : `INTERVAL ${Number(days)} DAY`;
}

function requireCurrent(value: unknown): string {
  if (value === null) return 'DEFAULT';
  return value === 'Y' ? '' : 'OPTIONAL';
}

function locking({ attempts, days }: Row): string {
  const time = Number(days) === -1 ? 'UNBOUNDED' : Number(days ?? 0);
  return `FAILED_LOGIN_ATTEMPTS ${Number(attempts ?? 0)} PASSWORD_LOCK_TIME ${time}`;
}
