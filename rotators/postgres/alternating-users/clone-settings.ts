import { quoted, RotationError } from '../../../src/index.js';
import type { Rights } from '../password/rights.js';
import type { Session } from '../session.js';
import type { UsersTurn } from './role.js';
import { applySettings, type PassedOver, rolesToActAs, type Setting, settingsOf } from './role-settings.js';

/**
 * Gives the clone the original's settings, and makes its sessions act as those of the original do, so that both own
 * what either creates. Objects of the clone's own would then be out of its reach: as long as there are any, its
 * sessions stay as they are.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if a clone would lack a setting at its first turn: it might see less than the
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
  // Each turn of ours leaves it a role to act as: one without has had none, whoever made it.
  const isFirst = !found.some(isRole);
  if (isFirst && denied.length > 0 && !turn.cloneMayDiffer) throw lacksSettings(turn, rights, denied, isNew);
  context.warn(
    `the administrator may not set ${namesOf(passedOver)} for "${clone}" as for "${original}": ` +
      'a superuser can, once, with ALTER ROLE … SET',
  );
}

/** Which server, from this version on, lets a superuser give the right to a setting away. */
const HAS_RIGHTS_TO_SETTINGS = 150_000;

function lacksSettings(
  { session, facts: { version }, pair: { original, clone } }: UsersTurn,
  { administrator }: Rights,
  denied: readonly PassedOver[],
  isNew: boolean,
): RotationError {
  const identifier = (name: string) => session.escapeIdentifier(name);
  // Those of the server itself can give whoever may set them more than is meant: session_preload_libraries, say.
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
    `the administrator "${quoted(administrator)}" may not set ${namesOf(denied)} for "${clone}" as for "${original}", so that ` +
      `"${clone}" might see less, or do otherwise`,
    {
      hint:
        `nothing was changed. A superuser can: ${statements.join('; ')}${values}. Or go on without, with the option ` +
        '`cloneMayDiffer: true`, if no policy or function needs them',
    },
  );
}

function namesOf(settings: readonly PassedOver[]): string {
  return settings.map(({ name }) => quoted(name)).join(', ');
}

/**
 * The settings of `role` with which the clone acts, in every database, as the original does. What is set for everybody
 * holds for the original where it has none of its own; for the clone, which always has one, it must be said.
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
 * Where a role owns something that REASSIGN OWNED gives away, which default privileges and user mappings are not. What
 * belongs to no database can be given away in any.
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
    ? `its sessions do not act as "${original}" yet, which could not use them`
    : `"${original}" cannot use them`;
  return `"${clone}" owns objects in ${databases.map((name) => `"${quoted(name)}"`).join(', ')}, so ${consequence}: there, ${reassign}`;
}
