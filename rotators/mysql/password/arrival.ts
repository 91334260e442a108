import { isRotationError, quoted, RotationError } from '../../../src/index.js';
import type { HasArrived, ReplicaWatch } from '../../databases/engine.js';
import { placeName } from '../../databases/secret.js';
import type { Session } from '../account.js';
import { toFailure } from '../failures.js';
import type { MysqlSecret } from '../secret.js';
import { accountName, quotedLiteral } from '../sql.js';
import type { Row } from '../wire/mysql2.js';
import { accountsOf } from './accounts.js';

/** Value of max_password_errors that turns the limit off. */
const UNLIMITED = 4_294_967_295;

/**
 * Finds a way to see when a replica has applied a change, by the numbers of changes (GTIDs), which any user may read. A refused
 * login would count towards a lock.
 *
 * @param mostInARow most refused logins in a row if only a login shows the change
 * @returns `undefined` if refused logins lock nobody
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if so many would lock the user, and changes have no numbers
 */
export async function watchReplica(
  { username }: MysqlSecret,
  { source, replica }: { readonly source: Session; readonly replica: Session },
  mostInARow: 1 | 2,
): Promise<ReplicaWatch | undefined> {
  const limit = await asked(replica, () => limitOf(username, source, replica));
  if (limit === Number.POSITIVE_INFINITY) return undefined;
  // The replica's session is silent while the change is made.
  await asked(replica, ({ query }) => query('SET SESSION wait_timeout = 900'));
  const numberOf = await asked(source, source.flavour === 'mysql' ? numberOnMysql : numberOnMariadb);
  if (!numberOf && limit <= mostInARow) throw soonLocked(username, limit, replica);
  return async () => {
    const number = await (numberOf && asked(source, numberOf));
    return number === undefined ? undefined : () => asked(replica, hasTaken(number));
  };
}

/** Returns the number of refused logins in a row that lock the user. */
async function limitOf(username: string, source: Session, replica: Session): Promise<number> {
  if (replica.flavour === 'mariadb') {
    const [row] = await replica.query("SHOW GLOBAL VARIABLES LIKE 'max_password_errors'");
    const limit = Number(row?.Value ?? UNLIMITED);
    return limit < UNLIMITED ? limit : Number.POSITIVE_INFINITY;
  }
  const own = limitIn(await replica.query('SHOW CREATE USER CURRENT_USER()'));
  return username === replica.account.user ? own : Math.min(own, await limitOfOther(username, source));
}

/** Users that take turns have a limit each. A new clone gets the original's. */
async function limitOfOther(username: string, source: Session): Promise<number> {
  const limits = (await accountsOf([username], source))?.map(async (account) =>
    limitIn(await source.query(`SHOW CREATE USER ${accountName(account)}`)),
  );
  return Math.min(...(await Promise.all(limits ?? [])));
}

function limitIn([shown = {}]: readonly Row[]): number {
  const [, limit] =
    /FAILED_LOGIN_ATTEMPTS (\d+) PASSWORD_LOCK_TIME (?!0)/.exec(String(Object.values(shown)[0])) ?? [];
  return Number(limit ?? 0) || Number.POSITIVE_INFINITY;
}

type NumberOf = (source: Session) => Promise<string | undefined>;

/** Called before the change. Anonymous changes have no number. Aurora's readers share the writer's storage, and apply no changes. */
async function numberOnMysql({ query }: Session): Promise<NumberOf | undefined> {
  const [row] = await query('SELECT @@GLOBAL.gtid_mode AS mode, @@GLOBAL.gtid_executed AS executed');
  const aurora = await query("SHOW GLOBAL VARIABLES LIKE 'aurora_version'");
  if (!['ON', 'ON_PERMISSIVE'].includes(String(row?.mode)) || aurora.length > 0) return undefined;
  const before = quotedLiteral(String(row?.executed));
  return async (source) => {
    // The set may include other changes.
    const [after] = await source.query(`SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, ${before}) AS number`);
    return String(after?.number) || undefined;
  };
}

async function numberOnMariadb({ query }: Session): Promise<NumberOf | undefined> {
  const [row] = await query("SHOW GLOBAL VARIABLES LIKE 'log_bin'");
  if (row?.Value !== 'ON') return undefined;
  return async (source) => {
    const [after] = await source.query('SELECT @@SESSION.last_gtid AS number');
    return String(after?.number) || undefined;
  };
}

function hasTaken(number: string): (replica: Session) => ReturnType<HasArrived> {
  return async ({ flavour, query }) => {
    const name = quotedLiteral(number);
    const [row] = await query(
      flavour === 'mysql'
        ? `SELECT GTID_SUBSET(${name}, @@GLOBAL.gtid_executed) AS taken`
        : `SELECT MASTER_GTID_WAIT(${name}, 0) = 0 AS taken`,
    );
    return String(row?.taken) === '1';
  };
}

async function asked<T>(session: Session, question: (session: Session) => Promise<T>): Promise<T> {
  try {
    return await question(session);
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask how far the replica is', session);
  }
}

function soonLocked(username: string, limit: number, { account, flavour, place }: Session): RotationError {
  const name = quoted(accountName({ ...account, user: username }));
  const more =
    flavour === 'mysql'
      ? `Run at the writer: ALTER USER ${name} FAILED_LOGIN_ATTEMPTS 5. Or set gtid_mode to ON: the replica then shows when it has ` +
        'the change'
      : 'Raise max_password_errors at the replica';
  return new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `${placeName(place)} is a replica that locks "${username}" at refused login ${limit} in a row, and only a login shows when ` +
      'it takes the new password',
    { hint: `nothing was changed. ${more}` },
  );
}
