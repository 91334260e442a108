import { quoted, RotationError } from '../../../src/index.js';
import { userMissing } from '../failures.js';
import { asAdministrator, IS_SUPERIOR, type Rights, readRights } from '../password/rights.js';
import { mirrorSettings } from './clone-settings.js';
import { acting, clausesOf, NEW, readRoles, type UsersTurn } from './role.js';

/** Said since defaults can be others, and since an earlier grant may lack them. */
const GRANT_OPTIONS = ' WITH INHERIT TRUE, SET TRUE';

/**
 * Gives the next turn to the pair's other user: makes it, if it is the clone and not there yet, sets its password, and
 * makes the clone what the original is. The user whose turn it is still is never touched.
 *
 * @throws RotationError if the two are no pair, or the administrator lacks a right
 */
export async function makeReady(turn: UsersTurn): Promise<void> {
  const { session, pair } = turn;
  const { original, clone, other } = pair;
  const roles = await readRoles(session, [original, clone]);
  const originalRole = roles.get(original);
  if (!originalRole) throw other === original ? originalMissing(turn) : userMissing(original);
  const cloneRole = roles.get(clone);
  if (cloneRole) await assertPair(turn);
  const rights = await readRights(session, turn.facts.version, [original, clone]);
  const password = `PASSWORD ${session.escapeLiteral(turn.verifier)}`;
  if (other === original) {
    // It has logged in, so the server must know it: by this very name.
    if (!cloneRole) throw userMissing(clone);
    const sql = `ALTER ROLE ${session.escapeIdentifier(original)} ${password}`;
    return asAdministrator(session, rights, { sql, doing: `change "${original}"`, role: original });
  }
  await makeClone(turn, rights, clausesOf(originalRole, cloneRole ?? NEW, session), password, !cloneRole);
  await grantOriginal(turn, rights);
  await shareAdmin(turn, rights);
  await mirrorSettings(turn, rights, !cloneRole);
  await warnOfMore(turn);
}

/** The user in use has the name of a clone: it may be one, or be called so. */
function originalMissing({ pair: { original, clone } }: UsersTurn): RotationError {
  return new RotationError(
    'ERR_USER_MISSING',
    `there is no role "${original}", whose clone "${clone}" is by its name`,
    {
      hint:
        `nothing was changed. If "${clone}" is a user by itself, name its clone with the option ` +
        `\`pairs: { '${clone}': '…' }\`. If it is the clone, "${original}" was dropped or renamed: its rights and objects are what ` +
        'both work with, so find out where they are before you create it anew',
    },
  );
}

/**
 * The clone must be able to act as the original already, and as no superior that the original is not: then whoever has
 * the one's password gains nothing by the other's. Anything else of such a name is somebody else's.
 */
async function assertPair({
  session,
  facts: { version },
  pair: { original, clone },
}: UsersTurn): Promise<void> {
  const [sqlOriginal, sqlClone] = [session.escapeLiteral(original), session.escapeLiteral(clone)];
  const [row] = await session.query(
    `SELECT pg_has_role(${sqlClone}, ${sqlOriginal}, '${acting(version)}') AS acts, ` +
      `pg_has_role(${sqlOriginal}, ${sqlClone}, 'MEMBER') AS is_reversed, ` +
      `EXISTS (SELECT FROM pg_roles above WHERE ${IS_SUPERIOR} AND (above.rolsuper OR above.rolname <> ${sqlClone}) ` +
      `AND pg_has_role(${sqlClone}, above.oid, 'MEMBER') AND NOT pg_has_role(${sqlOriginal}, above.oid, 'MEMBER')) AS outranks`,
  );
  if (row?.acts === true && row.outranks !== true) return;
  const grant = `GRANT ${session.escapeIdentifier(original)} TO ${session.escapeIdentifier(clone)}`;
  const revoke = `REVOKE ${session.escapeIdentifier(clone)} FROM ${session.escapeIdentifier(original)}; `;
  throw new RotationError(
    'ERR_PENDING_MISMATCH',
    row?.outranks === true
      ? `"${clone}" is, or can act as, a superuser or a role with CREATEROLE that "${original}" is not: they are no pair`
      : `"${clone}" exists, and may not act as "${original}": nothing says that they are a pair`,
    {
      hint:
        row?.outranks === true
          ? 'take that from it, or name another clone with the option `pairs`'
          : `if it is meant as the clone: ${row?.is_reversed === true ? revoke : ''}${grant}${version >= 160_000 ? GRANT_OPTIONS : ''}; ` +
            'else name another with the option `pairs`',
    },
  );
}

/** A superuser is not made another one: sessions of the clone act as the original anyway. */
async function makeClone(
  { session, pair }: UsersTurn,
  rights: Rights,
  clauses: readonly string[],
  password: string,
  isNew: boolean,
): Promise<void> {
  const [original, clone] = [session.escapeIdentifier(pair.original), session.escapeIdentifier(pair.clone)];
  const administrator = session.escapeIdentifier(rights.administrator);
  const statement = `${isNew ? 'CREATE' : 'ALTER'} ROLE ${clone} ${clauses.join(' ')}`.trimEnd();
  const beyondLogin = clauses.some((clause) => /REPLICATION|BYPASSRLS|CREATEDB|CREATEROLE/.test(clause));
  await asAdministrator(session, rights, {
    sql: `${statement} ${password}`,
    doing: `${isNew ? 'create' : 'change'} "${pair.clone}"`,
    ...(!isNew && { role: pair.clone }),
    bySuperuser:
      beyondLogin && isNew
        ? `${statement} IN ROLE ${original} ADMIN ${administrator}`
        : beyondLogin
          ? statement
          : undefined,
  });
}

/**
 * From PostgreSQL 16 on, whoever makes a role is alone in having ADMIN on it. An administrator that alternates itself makes
 * the clone as one of two users, and both act as one role: that gets ADMIN too, if it has it on the original.
 */
async function shareAdmin(
  { session, facts: { version, actsAs }, pair }: UsersTurn,
  rights: Rights,
): Promise<void> {
  if (version < 160_000 || actsAs === rights.administrator) return;
  const [sqlActsAs, sqlClone] = [session.escapeLiteral(actsAs), session.escapeLiteral(pair.clone)];
  const has = (who: string, role: string) => `pg_has_role(${who}, ${role}, 'MEMBER WITH ADMIN OPTION')`;
  const [row] = await session.query(
    `SELECT ${has('session_user', sqlClone)} AND ${has(sqlActsAs, session.escapeLiteral(pair.original))} AND NOT ` +
      `${has(sqlActsAs, sqlClone)} AS is_missing`,
  );
  if (row?.is_missing !== true) return;
  await asAdministrator(session, rights, {
    sql:
      `GRANT ${session.escapeIdentifier(pair.clone)} TO ${session.escapeIdentifier(actsAs)} ` +
      `WITH ${rights.adminOption}`,
    doing: `grant ADMIN on "${pair.clone}" to "${quoted(actsAs)}"`,
    role: pair.clone,
  });
}

/** By it the clone has the original's rights and memberships, and may act as it. */
async function grantOriginal(
  { session, facts: { version }, pair }: UsersTurn,
  rights: Rights,
): Promise<void> {
  const { original, clone } = pair;
  const hasOptions = version >= 160_000;
  const [row] = await session.query(
    `SELECT count(*) FILTER (WHERE ${hasOptions ? 'inherit_option' : 'true'}) > 0 AS inherits, ` +
      `count(*) FILTER (WHERE ${hasOptions ? 'set_option' : 'true'}) > 0 AS sets FROM pg_auth_members ` +
      `WHERE roleid = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(original)}) ` +
      `AND member = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(clone)})`,
  );
  if (row?.inherits === true && row.sets === true) return;
  const grant = `GRANT ${session.escapeIdentifier(original)} TO ${session.escapeIdentifier(clone)}`;
  await asAdministrator(session, rights, {
    sql: hasOptions ? `${grant}${GRANT_OPTIONS}` : grant,
    doing: `grant "${original}" to "${clone}"`,
    role: original,
  });
}

/** Whoever reads the secret can do what the clone can: more than the original is more than was meant. */
async function warnOfMore({ session, pair: { original, clone }, context }: UsersTurn): Promise<void> {
  const rows = await session.query(
    'SELECT role.rolname FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid ' +
      `WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(clone)}) ` +
      `AND NOT pg_has_role(${session.escapeLiteral(original)}, role.oid, 'MEMBER')`,
  );
  for (const { rolname } of rows) {
    const revoke = `REVOKE ${quoted(session.escapeIdentifier(String(rolname)))} FROM ${session.escapeIdentifier(clone)}`;
    context.warn(
      `"${clone}" is a member of "${quoted(String(rolname))}", which "${original}" is not: ${revoke}`,
    );
  }
}
