import type { StepContext } from '../../../src/index.js';
import type { Connections } from '../connections.js';
import type { PostgresSecret } from '../secret.js';
import type { StoredForm } from '../server.js';
import type { Session } from '../session.js';

/**
 * In which form the server holds the password of a role that has not logged in: as it asks for it.
 *
 * @param session anybody's who may read pg_roles
 * @returns `undefined` if there is no such role
 */
export async function storedFormOf(
  user: PostgresSecret,
  session: Session,
  { formOf }: Connections,
  context: StepContext,
): Promise<StoredForm | undefined> {
  const [role] = await session.query(
    'SELECT rolvaliduntil OPERATOR(pg_catalog.<) pg_catalog.now() AS is_expired FROM pg_catalog.pg_roles ' +
      `WHERE rolname OPERATOR(pg_catalog.=) ${session.escapeLiteral(user.username)}`,
  );
  if (!role) return undefined;
  // When VALID UNTIL has passed, the server asks by password_encryption, whatever it holds.
  return { form: role.is_expired === true ? undefined : await formOf(user, context) };
}
