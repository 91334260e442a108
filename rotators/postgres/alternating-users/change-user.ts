import { quoted, RotationError } from '../../../src/index.js';
import { userMissing } from '../failures.js';
import { asAdministrator, IS_SUPERIOR, type Rights, readRights } from '../password/rights.js';
import { mirrorSettings } from './clone-settings.js';
import { acting, clausesOf, NEW, readRoles, type UsersTurn } from './role.js';

/** Stated because defaults differ, and an earlier grant may lack them. */
const GRANT_OPTIONS = ' WITH INHERIT TRUE, SET TRUE';

/**
 * Gives the next turn to the pair's other user: creates the clone if it does not exist, sets the password, and gives the clone
 * the original's settings. Never touches the user that is in use.
 *
 * @throws RotationError if the two are not a pair, or the administrator lacks a right
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
    // The clone has logged in, so the server must know it by this exact name.
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

/** Returns the error for a clone without an original. The user may be a clone, or may only be named like one. */
function originalMissing({ pair: { original, clone } }: UsersTurn): RotationError {
  return new RotationError(
    'ERR_USER_MISSING',
    `there is no role "${original}", and "${clone}" has the name of its clone`,
    {
      hint:
        `nothing was changed. If "${clone}" is not a clone, name its own clone with the option ` +
        `\`pairs: { '${clone}': '…' }\`. If it is the clone, "${original}" was dropped or renamed. Both use its rights and objects: ` +
        'find out where they are before you create it again',
    },
  );
}

/**
 * Checks that an existing clone may act as the original, and as no privileged role that the original may not act as. Then nobody
 * gains rights by knowing the other's password. Any other role with the clone's name may be somebody else's.
 *
 * @throws RotationError `ERR_PENDING_MISMATCH` if they are not a pair
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
      ? `"${clone}" is, or can act as, a superuser or a role with CREATEROLE that "${original}" is not: they are not a pair`
      : `"${clone}" exists, but may not act as "${original}": nothing shows that they are a pair`,
    {
      hint:
        row?.outranks === true
          ? `nothing was changed. Remove that from "${clone}", or name another clone with the option \`pairs\``
          : `nothing was changed. Only if "${clone}" is meant as the clone, run: ${row?.is_reversed === true ? revoke : ''}${grant}` +
            `${version >= 160_000 ? GRANT_OPTIONS : ''}. Otherwise name another clone with the option \`pairs\``,
    },
  );
}

/** Creates or changes the clone. Never makes it a superuser: its sessions act as the original anyway. */
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
 * Shares ADMIN on the clone. From PostgreSQL 16 on, only the creator of a role has ADMIN on it. An administrator that alternates
 * itself creates the clone as one of two users, which both act as one role. That role gets ADMIN too, if it has ADMIN on the
 * original.
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

/** Grants the original to the clone: the clone then has its rights and memberships, and may act as it. */
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

/** Warns of memberships that only the clone has: every reader of the secret gains them. */
async function warnOfMore({ session, pair: { original, clone }, context }: UsersTurn): Promise<void> {
  const rows = await session.query(
    'SELECT role.rolname FROM pg_auth_members m JOIN pg_roles role ON role.oid = m.roleid ' +
      `WHERE m.member = (SELECT oid FROM pg_roles WHERE rolname = ${session.escapeLiteral(clone)}) ` +
      `AND NOT pg_has_role(${session.escapeLiteral(original)}, role.oid, 'MEMBER')`,
  );
  for (const { rolname } of rows) {
    const revoke = `REVOKE ${quoted(session.escapeIdentifier(String(rolname)))} FROM ${session.escapeIdentifier(clone)}`;
    context.warn(
      `"${clone}" is a member of "${quoted(String(rolname))}", but "${original}" is not. Run: ${revoke}`,
    );
  }
}
