import { quoted, RotationError } from '../../../src/index.js';
import { codeOf } from '../failures.js';
import type { Session } from '../session.js';

/** SQL condition on a role called `above`: a user that can act as it could do more than use a database. */
export const IS_SUPERIOR =
  "(above.rolsuper OR above.rolcreaterole OR above.rolname IN ('rds_superuser', 'pg_execute_server_program', " +
  "'pg_read_server_files', 'pg_write_server_files'))";

/** Rights of an administrator over roles, read before it tries a change. */
export interface Rights {
  readonly administrator: string;
  readonly mayCreateRoles: boolean;
  /** Roles on which it lacks ADMIN OPTION, where it needs that: from PostgreSQL 16 on, and not for superusers. */
  readonly lacks: ReadonlySet<string>;
  /** Options of a GRANT that give ADMIN and nothing else. */
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

/** A statement that an administrator runs, and what errors say about it. */
export interface Statement {
  readonly sql: string;
  /** The action, as in "may not …". */
  readonly doing: string;
  /** Role on which it needs ADMIN OPTION, if that role exists. */
  readonly role?: string;
  /** Statement for a superuser, if the server refuses the administrator. */
  readonly bySuperuser?: string | undefined;
}

/**
 * Runs a statement as the administrator. If a right is missing, the error's hint names the statement that grants it.
 *
 * @throws RotationError `ERR_RIGHTS_MISSING` if a right is missing
 * @throws Error of the server for any other refusal
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
            ? `run as a superuser, or on RDS as the master user: ${statements.join('; ')}`
            : 'only a superuser may change a superuser, and before PostgreSQL 16 also a role with REPLICATION. Otherwise look ' +
              'into the server’s log',
      },
    );
  }
}
