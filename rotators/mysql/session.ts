import { isRotationError, type RotationError } from '../../src/index.js';
import {
  errnoOf,
  type Flavour,
  isConclusive,
  LOGGING_IN,
  notAsked,
  otherUser,
  toFailure,
} from './failures.js';
import { isPasswordPlugin } from './hashes.js';
import { methodsOf } from './show-create-user.js';
import { connect, type Link, type LoginOptions, type MysqlTarget } from './wire/link.js';
import type { Row } from './wire/mysql2.js';

/** An account: a user and the hosts it may come from, such as `app@10.%` or `app@localhost`. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** A session with a server that asked for the password and took it. */
export interface Session<Secret extends MysqlTarget = MysqlTarget>
  extends Pick<LoginOptions, 'place' | 'limitMs' | 'signal'> {
  /** The secret that logged in. */
  readonly target: Secret;
  readonly flavour: Flavour;
  /** Version, as the server states it: `9.7.4`, `10.11.18-MariaDB-log`. */
  readonly version: string;
  /** The account that logged in: CURRENT_USER(). */
  readonly account: Account;
  /** Whether the server that answers is the one that let us in. A pooler numbers its connections differently. */
  readonly way: 'direct' | 'pooler';
  /**
   * Runs a statement.
   *
   * @throws Error with the server's error number, for `toFailure()`. It does not contain the statement
   */
  query(sql: string): Promise<readonly Row[]>;
  /** Throws the error that ended the session, if it has ended: nothing can be sent any more then. */
  assertOpen(): void;
  end(): Promise<void>;
}

/**
 * Logs in as an application would. Only 1045 is a refusal, and only after the server has received the proof of the
 * password.
 *
 * @returns a RotationError if the login then ended in another way, for a reason that the server did not name. That is
 *   inconclusive: another password may work
 * @throws RotationError for a failure that no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the session is
 *   another user's
 */
export async function login<Secret extends MysqlTarget>(
  secret: Secret,
  options: LoginOptions,
): Promise<Session<Secret> | 'rejected' | RotationError> {
  const { place, limitMs, signal } = options;
  const link = await connect(secret, options);
  const target = { ...secret, host: place.host, port: place.port };
  try {
    await link.opened;
  } catch (error) {
    await link.end();
    const { isAsked, tlsError } = link.progress;
    if (isAsked && errnoOf(error) === 1045) return 'rejected';
    const failure = toFailure(tlsError ?? error, LOGGING_IN, { target, flavour: link.flavour() });
    if (isAsked && !isConclusive(error, link.flavour()) && !signal.aborted) return failure;
    throw failure;
  }
  try {
    const found = await whoseSession(link, target, limitMs());
    const { assertOpen, end } = link;
    const query = (sql: string) => link.query(sql).catch((error) => explained(error, found.flavour, link));
    return { ...found, target: secret, place, limitMs, signal, query, assertOpen, end };
  } catch (error) {
    await link.end();
    if (isRotationError(error)) throw error;
    throw toFailure(error, 'ask whose session it is', { target, flavour: link.flavour() });
  }
}

/** For most errors of ALTER USER, MariaDB says only that it failed, and gives the reason in its warnings. */
async function explained(error: unknown, flavour: Flavour, link: Link): Promise<never> {
  if (flavour !== 'mariadb' || errnoOf(error) !== 1396) throw error;
  const rows = await link.query('SHOW WARNINGS').catch(() => []);
  const behind = rows.map(({ Code }) => Number(Code)).find((code) => code !== 1396);
  throw Object.assign(new Error('a statement failed'), { errno: 1396, behind });
}

/**
 * Returns the settings that make statements mean the same on every server and account: how strings and names are quoted, in
 * which character set, and that an answer has all its rows.
 *
 * A statement that waits for a lock ends on the server before the function stops waiting: the server carries out a statement
 * even if its client has gone. MariaDB's ALTER USER obeys only max_statement_time; on MySQL that applies to SELECT only.
 */
function pinned(flavour: Flavour, limitMs: number): string {
  const seconds = Math.max(1, Math.floor(limitMs / 2000));
  return (
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin, SESSION sql_mode = '', SESSION sql_quote_show_create = 1, " +
    // Otherwise the row that matters, such as a second account, may be cut off.
    'SESSION sql_select_limit = 18446744073709551615, ' +
    `SESSION autocommit = 1, SESSION lock_wait_timeout = ${seconds}` +
    (flavour === 'mariadb' ? `, SESSION max_statement_time = ${seconds}` : '')
  );
}

async function whoseSession(
  link: Link,
  target: MysqlTarget,
  limitMs: number,
): Promise<Pick<Session, 'flavour' | 'version' | 'account' | 'way'>> {
  await link.query(pinned(link.flavour(), limitMs));
  const [row] = await link.query(
    'SELECT CURRENT_USER() AS account, VERSION() AS version, CONNECTION_ID() AS id',
  );
  const version = String(row?.version);
  const account = accountOf(String(row?.account));
  if (account.user !== target.username) throw otherUser(target, `${account.user}@${account.host}`);
  // Over TCP every plugin asks for a password.
  if (target.host.startsWith('/')) await assertAsked(link, target);
  return {
    account,
    version,
    flavour: version.includes('MariaDB') ? 'mariadb' : 'mysql',
    // The greeting holds 32 bits of the id.
    way: Number(row?.id) % 2 ** 32 === link.connectionId() ? 'direct' : 'pooler',
  };
}

/**
 * @throws RotationError `ERR_CREDENTIAL_UNPROVEN` if the account may have been let in as the operating system's user
 */
async function assertAsked(link: Link, target: MysqlTarget): Promise<void> {
  const [row] = await link.query('SHOW CREATE USER CURRENT_USER()');
  const methods = methodsOf(String(Object.values(row ?? {})[0]));
  if (!methods.every(({ plugin }) => isPasswordPlugin(plugin))) throw notAsked(target);
}

/** Splits at the last @: a user name may contain one, a host may not. */
function accountOf(text: string): Account {
  const at = text.lastIndexOf('@');
  return { user: text.slice(0, Math.max(0, at)), host: text.slice(at + 1) };
}
