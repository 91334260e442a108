import { quoted, RotationError } from '../../src/index.js';
import { isRdsProxy } from '../databases/rds/name.js';
import { placeName } from '../databases/secret.js';
import { codeOf, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';

/**
 * Returns columns for a SELECT that show whose session it is, and which process answers. Names are qualified, since a
 * search_path could change their meaning.
 */
export function identityColumns(session: Session): string {
  const { username } = session.target;
  // The cast truncates a long name as the server does.
  const name = `${session.escapeLiteral(username)}::pg_catalog.name`;
  // Role names are bytes. A database with another encoding than the client's shows them as other characters.
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
 * Reads {@link identityColumns}. Behind a pooler, another process answers than the one that let the client in. Pgpool-II hides
 * that, but the server sees another port than the function's. The same happens in a network that translates addresses.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY` if the session is another user's: the server never saw the password
 */
export function wayOf(row: Readonly<Record<string, unknown>> | undefined, session: Session): Way {
  if (row?.is_own !== true) throw poolerInTheWay(session.target, 'another user', String(row?.session_user));
  if (Number(row.pid) !== session.processId) return 'pooler';
  return Number(row.port ?? 0) === (session.port ?? 0) ? 'direct' : 'unknown';
}

/**
 * Checks a session before a password is changed in it.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY` if a pooler may store the password
 */
export async function assertReachesServer(session: Session, way: Way): Promise<void> {
  const { host, port } = session.place;
  const isPooler = way === 'pooler' || isRdsProxy(host) || (way === 'unknown' && (await isPgpool(session)));
  if (isPooler) throw poolerInTheWay({ ...session.target, host, port }, 'another process');
}

/** Whether Pgpool-II answers: it has a setting that no server has. A server logs the question as an error. */
async function isPgpool(session: Session): Promise<boolean> {
  try {
    return (await session.query('SHOW pool_version')).length > 0;
  } catch (error) {
    if (codeOf(error) === '42704') return false;
    throw toFailure(error, 'ask whether it is Pgpool-II', session.target);
  }
}

/**
 * Returns the error for a pooler that answers in place of the server.
 *
 * @param problem the sign of the pooler
 */
function poolerInTheWay(
  target: Pick<PostgresSecret, 'host' | 'port' | 'username'>,
  problem: 'another user' | 'another process',
  sessionUser = '',
): RotationError {
  const place = `the connection pooler at ${placeName(target)}`;
  return problem === 'another user'
    ? new RotationError(
        'ERR_POOLER_IN_THE_WAY',
        `${place} gave "${target.username}" a session of "${quoted(sessionUser)}", so the server never saw the password`,
        {
          hint:
            'nothing was changed. Connect past the pooler with the option `connectTo`, ' +
            'and find out where the pooler stores its passwords: it must learn the new one, too',
        },
      )
    : new RotationError(
        'ERR_POOLER_IN_THE_WAY',
        `${place} stands between the function and the server, so the password of "${target.username}" was not changed`,
        {
          hint:
            'connect past the pooler with the option `connectTo`, and make sure that it learns the new password. ' +
            'Only if it asks the server at each login (PgBouncer’s auth_query), set the option `poolerAsksServer` or ' +
            'POOLER_ASKS_SERVER=true. A pooler that stores passwords itself would lock everybody out (auth_file of PgBouncer, ' +
            'pool_passwd of Pgpool-II, RDS Proxy)',
        },
      );
}
