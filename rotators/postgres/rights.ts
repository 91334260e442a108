import { RotationError } from '../../src/index.js';
import { codeOf } from './failures.js';
import type { Session } from './session.js';

/** What an administrator may do to roles, asked before it tries. */
export interface Rights {
  readonly administrator: string;
  readonly isSuperuser: boolean;
  readonly mayCreateRoles: boolean;
  /** The roles that it has ADMIN OPTION on; from PostgreSQL 16 on CREATEROLE is not enough without. */
  readonly administers: ReadonlySet<string>;
}

export async function readRights(session: Session, roles: readonly string[]): Promise<Rights> {
  const names = roles.map((role) => session.escapeLiteral(role)).join(', ');
  const rows = await session.query(
    'SELECT own.rolname AS administrator, own.rolsuper, own.rolcreaterole, role.rolname AS role, ' +
      "pg_has_role(own.oid, role.oid, 'MEMBER WITH ADMIN OPTION') AS administers " +
      `FROM pg_roles own LEFT JOIN pg_roles role ON role.rolname IN (${names}) ` +
      'WHERE own.rolname = session_user',
  );
  return {
    administrator: String(rows[0]?.administrator),
    isSuperuser: rows[0]?.rolsuper === true,
    mayCreateRoles: rows[0]?.rolcreaterole === true,
    administers: new Set(rows.flatMap(({ role, administers }) => (administers ? [String(role)] : []))),
  };
}

/**
 * Runs a statement, and says which right is missing if it is refused for that.
 *
 * @param role the role that the statement needs ADMIN OPTION on, if it exists already
 * @param instead what a superuser may do once in the administrator's place
 * @throws RotationError `ERR_RIGHTS_MISSING`, and whatever the server refuses otherwise
 */
export async function asAdministrator(
  session: Session,
  rights: Rights,
  { sql, doing, role, instead }: { sql: string; doing: string; role?: string; instead?: string | undefined },
): Promise<void> {
  try {
    await session.query(sql);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const quoted = (name: string) => session.escapeIdentifier(name);
    const lacksOption = role !== undefined && !rights.administers.has(role);
    const statements = [
      rights.mayCreateRoles ? '' : `ALTER ROLE ${quoted(rights.administrator)} CREATEROLE`,
      lacksOption ? `GRANT ${quoted(role)} TO ${quoted(rights.administrator)} WITH ADMIN OPTION` : '',
      instead ?? '',
    ].filter((statement) => statement !== '');
    throw new RotationError(
      'ERR_RIGHTS_MISSING',
      `the administrator "${rights.administrator}" may not ${doing} (SQLSTATE 42501)`,
      {
        hint:
          statements.length > 0
            ? `a superuser, or on RDS the master user, can grant it: ${statements.join('; ')}`
            : 'only a superuser may change a superuser, and before PostgreSQL 16 a role with REPLICATION; else look into ' +
              'the server’s log',
      },
    );
  }
}
