import { toFailure } from '../failures.js';
import type { PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

/** As whom a session acts. */
export interface Identity {
  readonly actsAs: string;
  /** As whom its user is set to act, by `ALTER ROLE … SET role`: the server says nothing if it cannot. */
  readonly setTo: string | undefined;
  /** Whether its user owns anything. */
  readonly ownsObjects: boolean;
}

const OWN = '(SELECT oid FROM pg_roles WHERE rolname = session_user)';

export async function identityOf(session: Session, target: PostgresSecret): Promise<Identity> {
  try {
    await session.query('BEGIN READ ONLY; SET LOCAL search_path = pg_catalog, pg_temp');
    const [row] = await session.query(
      "SELECT current_user AS acts_as, EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass " +
        `AND refobjid = ${OWN} AND deptype = 'o') AS owns_objects`,
    );
    // One for this database goes before one for all.
    const [setting] = await session.query(
      "SELECT substr(setting, length('role=') + 1) AS role FROM pg_db_role_setting, unnest(setconfig) AS setting " +
        `WHERE setrole = ${OWN} AND setting LIKE 'role=%' AND setdatabase IN ` +
        '(0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY setdatabase DESC',
    );
    await session.query('COMMIT');
    return {
      actsAs: String(row?.acts_as),
      setTo: setting === undefined ? undefined : String(setting.role),
      ownsObjects: row?.owns_objects === true,
    };
  } catch (error) {
    throw toFailure(error, 'ask as whom it acts', target);
  }
}
