import { quoted, RotationError } from '../../../src/index.js';
import { codeOf } from '../failures.js';
import type { Session } from '../session.js';

/** In SQL, of a role that is called `above`: who can act as it could do more than use a database. */
export const IS_SUPERIOR =
  "(above.rolsuper OR above.rolcreaterole OR above.rolname IN ('rds_superuser', 'pg_execute_server_program', " +
  "'pg_read_server_files', 'pg_write_server_files'))";

/** What an administrator may do to roles, asked before it tries. */
export interface Rights {
  readonly administrator: string;
  readonly mayCreateRoles: boolean;
  /** The roles that it lacks ADMIN OPTION on, where that is what it takes: from PostgreSQL 16 on, and of no superuser. */
  readonly lacks: ReadonlySet<string>;
  /** With which it is given that, and no more. */
  readonly adminOption: string;
}

export async function readRights(
  session: Session,
  version: number,
  roles: readonly string[],
): Promise<Rights> {
  const names = roles.map((role) => session.escapeLiteral(role)).join(', ');
  const rows = await session.query(
    'SELECT own.rolname AS administrator, own.rolcreaterole, role.rolname AS role, NOT role.rolsuper AND ' +
      "NOT pg_has_role(own.oid, role.oid, 'MEMBER WITH ADMIN OPTION') AS lacks " +
      `FROM pg_roles own LEFT JOIN pg_roles role ON role.rolname IN (${names}) ` +
      'WHERE own.rolname = session_user',
  );
  const needsOption = version >= 160_000 || rows[0]?.rolcreaterole !== true;
  return {
    administrator: String(rows[0]?.administrator),
    mayCreateRoles: rows[0]?.rolcreaterole === true,
    lacks: new Set(rows.flatMap(({ role, lacks }) => (needsOption && lacks ? [String(role)] : []))),
    adminOption: version >= 160_000 ? 'ADMIN TRUE, INHERIT FALSE, SET FALSE' : 'ADMIN OPTION',
  };
}

/** A statement that an administrator runs. */
export interface Statement {
  readonly sql: string;
  /** As in "may not …". */
  readonly doing: string;
  /** The role that it needs ADMIN OPTION on, if that exists already. */
  readonly role?: string;
  /** What only a superuser may do, if the administrator is refused. */
  readonly bySuperuser?: string | undefined;
}

/**
 * Runs a statement, and says which right is missing if it is refused for that.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING`, and whatever the server refuses otherwise
 */
export async function asAdministrator(
  session: Session,
  { administrator, mayCreateRoles, lacks, adminOption }: Rights,
  { sql, doing, role, bySuperuser }: Statement,
): Promise<void> {
  try {
    await session.query(sql);
  } catch (error) {
    if (codeOf(error) !== '42501') throw error;
    const identifier = (name: string) => session.escapeIdentifier(name);
    const lacksOption = role !== undefined && lacks.has(role);
    const statements = [
      mayCreateRoles ? '' : `ALTER ROLE ${quoted(identifier(administrator))} CREATEROLE`,
      lacksOption
        ? `GRANT ${identifier(role)} TO ${quoted(identifier(administrator))} WITH ${adminOption}`
        : '',
      bySuperuser ?? '',
    ].filter((statement) => statement !== '');
    throw new RotationError(
      'ERR_RIGHTS_MISSING',
      `the administrator "${quoted(administrator)}" may not ${doing} (SQLSTATE 42501)`,
      {
        hint:
          statements.length > 0
            ? `a superuser, or on RDS the master user, can: ${statements.join('; ')}`
            : 'only a superuser may change a superuser, and before PostgreSQL 16 a role with REPLICATION; else look into ' +
              'the server’s log',
      },
    );
  }
}
