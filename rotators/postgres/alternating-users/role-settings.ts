import type { Session } from '../session.js';
import type { Turn } from './turn.js';

/** Settings whose value is a list of quoted names, as pg_dump knows them: as one string they would mean one name. */
const LISTS = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

/** What `ALTER ROLE … SET` has stored for a role, in one database or (`''`) in all. */
interface Setting {
  readonly database: string;
  readonly name: string;
  readonly value: string;
}

/**
 * Gives the clone the original's settings, and makes its sessions act as the original, so that both own what either
 * creates. Objects of the clone's own would then be out of its reach: as long as there are any, its sessions stay as
 * they are.
 */
export async function mirrorSettings(turn: Turn): Promise<void> {
  const { session, pair, context } = turn;
  const { original, clone } = pair;
  const [wanted, found] = [await settingsOf(session, original), await settingsOf(session, clone)];
  const owners = await databasesOf(session, clone);
  const actsAsOriginal = found.has(keyOf({ database: '', name: 'role' }));
  const role: Setting = { database: '', name: 'role', value: original };
  if (!wanted.has(keyOf(role))) wanted.set(keyOf(role), role);
  if (owners.length > 0) {
    if (!actsAsOriginal) for (const [key, { name }] of wanted) if (name === 'role') wanted.delete(key);
    context.warn(ownsObjects(session, pair, owners, actsAsOriginal));
  }
  const refused: string[] = [];
  for (const sql of statements(session, clone, wanted, found)) {
    await session.query('SAVEPOINT setting');
    try {
      await session.query(sql.text);
      await session.query('RELEASE SAVEPOINT setting');
    } catch (error) {
      // Without it the clone is not the clone; all others are worth a warning.
      if (sql.name === 'role') throw error;
      await session.query('ROLLBACK TO SAVEPOINT setting');
      refused.push(sql.name);
    }
  }
  if (refused.length > 0) {
    context.warn(
      `the administrator may not set ${refused.join(', ')} for "${clone}" as for "${original}": ` +
        'a superuser can, once, with ALTER ROLE … SET',
    );
  }
}

async function settingsOf(session: Session, role: string): Promise<Map<string, Setting>> {
  const rows = await session.query(
    "SELECT coalesce(datname, '') AS database, setting FROM pg_db_role_setting " +
      'LEFT JOIN pg_database ON pg_database.oid = setdatabase, unnest(setconfig) AS setting ' +
      `WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(role)})`,
  );
  const settings = rows.map(({ database, setting }) => {
    const [, name = '', value = ''] = /^([^=]*)=([\s\S]*)$/.exec(String(setting)) ?? [];
    return { database: String(database), name, value };
  });
  return new Map(settings.map((setting) => [keyOf(setting), setting]));
}

function keyOf({ database, name }: Pick<Setting, 'database' | 'name'>): string {
  return JSON.stringify([database, name]);
}

function* statements(
  session: Session,
  clone: string,
  wanted: ReadonlyMap<string, Setting>,
  found: ReadonlyMap<string, Setting>,
): Generator<{ readonly name: string; readonly text: string }> {
  const alter = ({ database }: Setting) =>
    `ALTER ROLE ${session.escapeIdentifier(clone)}${database && ` IN DATABASE ${session.escapeIdentifier(database)}`}`;
  for (const [key, setting] of wanted) {
    if (found.get(key)?.value === setting.value) continue;
    const { name, value } = setting;
    const values = LISTS.includes(name) ? namesIn(value) : [value];
    const list = values.map((item) => session.escapeLiteral(item)).join(', ');
    yield { name, text: `${alter(setting)} SET ${session.escapeIdentifier(name)} TO ${list}` };
  }
  for (const [key, setting] of found) {
    if (wanted.has(key) || setting.name === 'role') continue;
    yield { name: setting.name, text: `${alter(setting)} RESET ${session.escapeIdentifier(setting.name)}` };
  }
}

/** The names in a list such as `"$user", public`. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|[^\s,"]+/g)].map(
    ([bare, quoted]) => quoted?.replaceAll('""', '"') ?? bare,
  );
}

/** Where a role owns something. What belongs to no database can be reassigned in any. */
async function databasesOf(session: Session, role: string): Promise<readonly string[]> {
  const rows = await session.query(
    'SELECT DISTINCT coalesce(datname, current_database()) AS database FROM pg_shdepend ' +
      'LEFT JOIN pg_database ON pg_database.oid = dbid ' +
      "WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' " +
      `AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(role)})`,
  );
  return rows.map(({ database }) => String(database)).sort();
}

function ownsObjects(
  session: Session,
  { original, clone }: Turn['pair'],
  databases: readonly string[],
  actsAsOriginal: boolean,
): string {
  const reassign = `REASSIGN OWNED BY ${session.escapeIdentifier(clone)} TO ${session.escapeIdentifier(original)}`;
  const consequence = actsAsOriginal
    ? `"${original}" cannot use them`
    : `its sessions do not act as "${original}" yet, which could not use them`;
  return `"${clone}" owns objects in ${databases.map((name) => `"${name}"`).join(', ')}, so ${consequence}: there, ${reassign}`;
}
