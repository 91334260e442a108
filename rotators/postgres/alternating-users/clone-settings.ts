import { quoted, RotationError } from '../../../src/index.js';
import type { Rights } from '../password/rights.js';
import type { Session } from '../session.js';
import type { UsersTurn } from './role.js';
import { applySettings, type PassedOver, rolesToActAs, type Setting, settingsOf } from './role-settings.js';

/**
 * Gives the clone the original's settings. The clone's sessions then act as the same role as the original's, so that both
 * users own everything that either of them creates. If the clone owns objects, its sessions do not change: acting as the
 * original, they could not use those objects.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if the clone would lack a setting at its first turn: it might see less than the
 *   original
 */
export async function mirrorSettings(turn: UsersTurn, rights: Rights, isNew: boolean): Promise<void> {
  const { session, facts, pair, context } = turn;
  const { original, clone } = pair;
  const toActAs = (settings: readonly Setting[]) => rolesToActAs(session, facts.version, original, settings);
  const [own, found] = [await settingsOf(session, original), await settingsOf(session, clone)];
  const isRole = ({ name }: Setting) => name === 'role';
  const owners = await databasesOf(session, clone);
  const staysItself = owners.length > 0 && !found.some(isRole);
  const roles = staysItself
    ? found.filter(isRole)
    : actingOf(original, await toActAs(own), await toActAs(await settingsOf(session, undefined)));
  const wanted = [...own.filter((setting) => !isRole(setting)), ...roles];
  const passedOver = await applySettings(turn, wanted, found);
  if (owners.length > 0) context.warn(ownsObjects(session, pair, owners, staysItself));
  if (passedOver.length === 0) return;
  const denied = passedOver.filter(({ isDenied }) => isDenied);
  // Each of our turns sets a role to act as. Without one, the clone has had no turn of ours.
  const isFirst = !found.some(isRole);
  if (isFirst && denied.length > 0 && !turn.cloneMayDiffer) throw lacksSettings(turn, rights, denied, isNew);
  context.warn(
    `the administrator may not set ${namesOf(passedOver)} for "${clone}" as for "${original}": a superuser can do that ` +
      'once, with ALTER ROLE … SET',
  );
}

/** First version with GRANT SET ON PARAMETER. */
const HAS_RIGHTS_TO_SETTINGS = 150_000;

function lacksSettings(
  { session, facts: { version }, pair: { original, clone } }: UsersTurn,
  { administrator }: Rights,
  denied: readonly PassedOver[],
  isNew: boolean,
): RotationError {
  const identifier = (name: string) => session.escapeIdentifier(name);
  // Only custom settings: the right to set one of the server's own, such as session_preload_libraries, may give too much.
  const isCustom = ({ name }: PassedOver) => version >= HAS_RIGHTS_TO_SETTINGS && name.includes('.');
  const custom = [...new Set(denied.filter(isCustom).map(({ name }) => quoted(identifier(name))))];
  const others = denied.filter((setting) => !isCustom(setting));
  const create = `CREATE ROLE ${identifier(clone)} IN ROLE ${identifier(original)} ADMIN ${quoted(identifier(administrator))}`;
  const statements = [
    ...(custom.length > 0
      ? [`GRANT SET ON PARAMETER ${custom.join(', ')} TO ${quoted(identifier(administrator))}`]
      : []),
    ...(others.length > 0 && isNew ? [create] : []),
    ...others.map(({ shown }) => quoted(shown)),
  ];
  const values = others.length > 0 ? `, with the values that "${original}" has` : '';
  return new RotationError(
    'ERR_RIGHTS_MISSING',
    `the administrator "${quoted(administrator)}" may not set ${namesOf(denied)} for "${clone}" as for "${original}": ` +
      `"${clone}" might see less, or behave differently`,
    {
      hint:
        `nothing was changed. Run as a superuser: ${statements.join('; ')}${values}. ` +
        'Only if no policy or function needs these settings, set the option `cloneMayDiffer: true` instead',
    },
  );
}

function namesOf(settings: readonly PassedOver[]): string {
  return settings.map(({ name }) => quoted(name)).join(', ');
}

/**
 * Returns the settings of `role` with which the clone acts as the original does, in every database. Settings for everybody apply
 * to the original where it has none. The clone always has one, so they must be repeated for it.
 */
function actingOf(
  original: string,
  own: readonly Setting[],
  everybody: readonly Setting[],
): readonly Setting[] {
  const as = (value: string): string => (value.toLowerCase() === 'none' ? original : value);
  const inAll = own.find(({ database }) => database === '');
  const base = inAll ?? everybody.find(({ database }) => database === '');
  const inOne = [
    ...own.filter(({ database }) => database !== ''),
    ...(inAll ? [] : everybody.filter((setting) => setting.database !== '' && !isIn(own, setting))),
  ];
  return [
    { database: '', name: 'role', value: as(base?.value ?? 'none') },
    ...inOne.map((setting) => ({ ...setting, value: as(setting.value) })),
  ];
}

function isIn(settings: readonly Setting[], { database }: Setting): boolean {
  return settings.some((setting) => setting.database === database);
}

/**
 * Returns the databases where a role owns objects that REASSIGN OWNED can move. Default privileges and user mappings are not such
 * objects. Objects outside databases can be moved from any database.
 */
async function databasesOf(session: Session, role: string): Promise<readonly string[]> {
  const rows = await session.query(
    'SELECT DISTINCT coalesce(datname, current_database()) AS database FROM pg_shdepend ' +
      'LEFT JOIN pg_database ON pg_database.oid = dbid ' +
      "WHERE refclassid = 'pg_authid'::regclass AND deptype = 'o' " +
      "AND classid NOT IN ('pg_default_acl'::regclass, 'pg_user_mapping'::regclass) " +
      `AND refobjid = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(role)})`,
  );
  return rows.map(({ database }) => String(database)).sort();
}

function ownsObjects(
  session: Session,
  { original, clone }: UsersTurn['pair'],
  databases: readonly string[],
  staysItself: boolean,
): string {
  const reassign = `REASSIGN OWNED BY ${session.escapeIdentifier(clone)} TO ${session.escapeIdentifier(original)}`;
  const consequence = staysItself
    ? `its sessions do not act as "${original}" yet: "${original}" could not use them`
    : `"${original}" cannot use them`;
  return `"${clone}" owns objects in ${databases.map((name) => `"${quoted(name)}"`).join(', ')}, so ${consequence}. Run there: ${reassign}`;
}
