import { isRotationError } from '../../../src/index.js';
import type { Witness } from '../facts.js';
import { toFailure, userMissing } from '../failures.js';
import { look } from '../look.js';
import { IS_SUPERIOR } from './rights.js';

/** Returns why a role is privileged: it, or a role that it can act as, could do more than use the database. */
export async function rankOf(username: string, { session }: Witness): Promise<string | undefined> {
  try {
    const [row] = await look(
      session,
      `SELECT EXISTS (SELECT FROM pg_roles above WHERE ${IS_SUPERIOR} AND ` +
        "pg_has_role(role.oid, above.oid, 'MEMBER')) AS is_superior " +
        `FROM pg_roles role WHERE role.rolname = ${session.escapeLiteral(username)}`,
    );
    if (!row) throw userMissing(username);
    const isSuperior = row.is_superior !== false;
    return isSuperior
      ? 'is, or is a member of, a superuser, a role with CREATEROLE or rds_superuser'
      : undefined;
  } catch (error) {
    const doing = `read the rights of "${username}"`;
    throw isRotationError(error) ? error : toFailure(error, doing, session.target);
  }
}
