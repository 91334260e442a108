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

/** Users of one name are told apart by where they come from: `app@10.%`, `app@localhost`. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** A session with a server that has asked for the password, and has taken it. */
export interface Session<Secret extends MysqlTarget = MysqlTarget>
  extends Pick<LoginOptions, 'place' | 'limitMs' | 'signal'> {
  /** Whose session it is: what has logged in. */
  readonly target: Secret;
  readonly flavour: Flavour;
  /** As the server says it: `9.7.4`, `10.11.18-MariaDB-log`. */
  readonly version: string;
  /** The account whose password was taken: CURRENT_USER(). */
  readonly account: Account;
  /** Whether the server answers that has let us in. A pooler has a number of its own for the connection. */
  readonly way: 'direct' | 'pooler';
  /**
   * Runs a statement.
   *
   * @throws Error with what the server's error is, of which toFailure() makes a RotationError, and without the statement
   */
  query(sql: string): Promise<readonly Row[]>;
  /** Throws what has ended the session, if something has: then nothing can be sent any more. */
  assertOpen(): void;
  end(): Promise<void>;
}

/**
 * Logs in as an application would. Only 1045 is a refusal, said after the server has been given what proves the password.
 *
 * @returns a RotationError if the login ended otherwise then, and not for a reason that the server has named. That is
 *   inconclusive: another password may work
 * @throws RotationError for what no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the session is another
 *   user's than the one whose password was given
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

/** MariaDB says of most that is wrong with ALTER USER that it failed, and only in its warnings why. */
async function explained(error: unknown, flavour: Flavour, link: Link): Promise<never> {
  if (flavour !== 'mariadb' || errnoOf(error) !== 1396) throw error;
  const rows = await link.query('SHOW WARNINGS').catch(() => []);
  const behind = rows.map(({ Code }) => Number(Code)).find((code) => code !== 1396);
  throw Object.assign(new Error('a statement failed'), { errno: 1396, behind });
}

/**
 * Makes statements mean what they mean by default, whatever the server and the account are set to: how strings and names are
 * quoted, in which characters, and that an answer has all its rows.
 *
 * What waits for a lock ends on the server before it is given up here: a statement whose client has gone is carried out all
 * the same. MariaDB's ALTER USER looks at max_statement_time alone, MySQL has that for SELECT only.
 */
function pinned(flavour: Flavour, limitMs: number): string {
  const seconds = Math.max(1, Math.floor(limitMs / 2000));
  return (
    "SET NAMES utf8mb4 COLLATE utf8mb4_bin, SESSION sql_mode = '', SESSION sql_quote_show_create = 1, " +
    // Else what is looked for, a second account of a name say, may be what is cut off.
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
  // Elsewhere no plugin that lets a user in does without a password.
  if (target.host.startsWith('/')) await assertAsked(link, target);
  return {
    account,
    version,
    flavour: version.includes('MariaDB') ? 'mariadb' : 'mysql',
    // The greeting has 32 bits of it.
    way: Number(row?.id) % 2 ** 32 === link.connectionId() ? 'direct' : 'pooler',
  };
}

/**
 * @throws RotationError `ERR_CREDENTIAL_UNPROVEN` if the account may have been let in as the one whose process this is
 */
async function assertAsked(link: Link, target: MysqlTarget): Promise<void> {
  const [row] = await link.query('SHOW CREATE USER CURRENT_USER()');
  const methods = methodsOf(String(Object.values(row ?? {})[0]));
  if (!methods.every(({ plugin }) => isPasswordPlugin(plugin))) throw notAsked(target);
}

/** No host has an @; a user may. */
function accountOf(text: string): Account {
  const at = text.lastIndexOf('@');
  return { user: text.slice(0, Math.max(0, at)), host: text.slice(at + 1) };
}
