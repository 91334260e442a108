import { codeOf } from '../failures.js';
import type { Session } from '../session.js';
import { acting, type UsersTurn } from './role.js';

/** Settings whose value is a list of quoted names, as in pg_dump: as one string they would mean one name. */
const LISTS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/** SQLSTATEs for a missing right, a value that is no longer valid, and a setting that no longer exists. */
const NOT_TO_BE_HAD = ['42501', '22023', '42704'];

/** A setting that `ALTER ROLE … SET` stored for a role: in one database, or (`''`) in all. */
export interface Setting {
  readonly database: string;
  readonly name: string;
  readonly value: string;
}

/** Reads the settings of a role; with `undefined`, those that a database or the server has for everybody. */
export async function settingsOf(session: Session, role: string | undefined): Promise<readonly Setting[]> {
  const owner =
    role === undefined ? '0' : `(SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(role)})`;
  const rows = await session.query(
    "SELECT coalesce(datname, '') AS database, setting FROM pg_db_role_setting " +
      'LEFT JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS setting ' +
      `WHERE setrole = ${owner}`,
  );
  return rows.map(({ database, setting }) => {
    const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(String(setting)) ?? [];
    return { database: String(database), name, value };
  });
}

/** Returns the settings of `role` that take effect: the server ignores a role that is gone, or that the user may not act as. */
export async function rolesToActAs(
  session: Session,
  version: number,
  user: string,
  settings: readonly Setting[],
): Promise<readonly Setting[]> {
  const roles = settings.filter(({ name }) => name === 'role');
  if (roles.length === 0) return roles;
  const names = roles.map(({ value }) => session.escapeLiteral(value)).join(', ');
  const rows = await session.query(
    'SELECT role.rolname FROM pg_roles own, pg_roles role ' +
      `WHERE own.rolname = ${session.escapeLiteral(user)} AND role.rolname IN (${names}) ` +
      `AND pg_has_role(own.oid, role.oid, '${acting(version)}')`,
  );
  const possible = rows.map(({ rolname }) => String(rolname));
  return roles.filter(({ value }) => value.toLowerCase() === 'none' || possible.includes(value));
}

/** A setting that was skipped. */
export interface PassedOver {
  readonly name: string;
  /** The statement that was skipped, without the value, which may be secret. */
  readonly shown: string;
  /** Whether a right was missing. */
  readonly isDenied: boolean;
}

/**
 * Gives a role exactly these settings. Skips those that the administrator may not set, except `role`.
 *
 * @returns the settings that were skipped
 */
export async function applySettings(
  { session, pair: { clone } }: UsersTurn,
  wanted: readonly Setting[],
  found: readonly Setting[],
): Promise<readonly PassedOver[]> {
  const passedOver: PassedOver[] = [];
  for (const { name, sql, shown } of changes(session, clone, wanted, found)) {
    await session.query('SAVEPOINT setting');
    try {
      await session.query(sql);
      await session.query('RELEASE SAVEPOINT setting');
    } catch (error) {
      if (name === 'role' || !NOT_TO_BE_HAD.includes(codeOf(error))) throw error;
      await session.query('ROLLBACK TO SAVEPOINT setting');
      passedOver.push({ name, shown, isDenied: codeOf(error) === '42501' });
    }
  }
  return passedOver;
}

function* changes(
  session: Session,
  role: string,
  wanted: readonly Setting[],
  found: readonly Setting[],
): Generator<{ readonly name: string; readonly sql: string; readonly shown: string }> {
  const alter = ({ database }: Setting) =>
    `ALTER ROLE ${session.escapeIdentifier(role)}${database && ` IN DATABASE ${session.escapeIdentifier(database)}`}`;
  for (const setting of wanted) {
    const { name, value } = setting;
    if (found.some((other) => isSame(other, setting) && other.value === value)) continue;
    const values = LISTS.includes(name) ? namesIn(value) : [value];
    const list = values.map((item) => session.escapeLiteral(item)).join(', ');
    const set = `${alter(setting)} SET ${session.escapeIdentifier(name)} TO`;
    yield { name, sql: `${set} ${list}`, shown: `${set} …` };
  }
  for (const setting of found) {
    if (wanted.some((other) => isSame(other, setting))) continue;
    const sql = `${alter(setting)} RESET ${session.escapeIdentifier(setting.name)}`;
    yield { name: setting.name, sql, shown: sql };
  }
}

function isSame(a: Setting, b: Setting): boolean {
  return a.name === b.name && a.database === b.database;
}

/** Returns the names in a list such as `"$user", public`. */
function namesIn(list: string): readonly string[] {
  const names = [...list.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare,
  );
  // An empty list is written as one empty name.
  return names.length > 0 ? names : [''];
}
