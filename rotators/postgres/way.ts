import { codeOf, poolerInTheWay, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';

/**
 * Columns of a SELECT that show whose session it is, and which process answers. Names are qualified: a search_path can give
 * them another meaning.
 */
export function identityColumns(session: Session, { username }: PostgresSecret): string {
  // As the server cuts off what is too long for a name.
  const name = `${session.escapeLiteral(username)}::pg_catalog.name`;
  // Names of roles are bytes, which a database in another encoding than the client's shows as other characters.
  const bytes =
    'pg_catalog.encode(pg_catalog.convert_to(session_user::pg_catalog.text, pg_catalog.getdatabaseencoding()), ' +
    `'hex'::pg_catalog.text) OPERATOR(pg_catalog.=) '${Buffer.from(username).toString('hex')}'::pg_catalog.text`;
  return (
    `session_user::pg_catalog.text AS session_user, (session_user OPERATOR(pg_catalog.=) ${name} OR ${bytes}) AS is_own, ` +
    'pg_catalog.pg_backend_pid() AS pid, pg_catalog.inet_client_port() AS port'
  );
}

/** Whether a pooler stands between the session and the server. */
export type Way = 'direct' | 'pooler' | 'unknown';

/**
 * Reads these columns. A pooler in the way has other processes answer than the one that let the client in; Pgpool-II hides
 * that, but not that the server sees another port than ours. So does a network that translates addresses.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY` if the session is another user's: the server never saw the password
 */
export function wayOf(
  row: Readonly<Record<string, unknown>> | undefined,
  session: Session,
  target: PostgresSecret,
): Way {
  if (row?.is_own !== true) throw poolerInTheWay(target, 'another user', String(row?.session_user));
  if (Number(row.pid) !== session.processId) return 'pooler';
  return Number(row.port ?? 0) === (session.port ?? 0) ? 'direct' : 'unknown';
}

/** Whether Pgpool-II answers: it knows a setting that no server has. A server notes the question in its log as an error. */
export async function isPgpool(session: Session, target: PostgresSecret): Promise<boolean> {
  try {
    return (await session.query('SHOW pool_version')).length > 0;
  } catch (error) {
    if (codeOf(error) === '42704') return false;
    throw toFailure(error, 'ask whether it is Pgpool-II', target);
  }
}
