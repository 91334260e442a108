import { quoted, RotationError } from '../../src/index.js';
import { isRdsProxy } from '../databases/rds/name.js';
import { placeName } from '../databases/secret.js';
import { codeOf, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';

/**
 * Columns of a SELECT that show whose session it is, and which process answers. Names are qualified: a search_path can give
 * them another meaning.
 */
export function identityColumns(session: Session): string {
  const { username } = session.target;
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
export function wayOf(row: Readonly<Record<string, unknown>> | undefined, session: Session): Way {
  if (row?.is_own !== true) throw poolerInTheWay(session.target, 'another user', String(row?.session_user));
  if (Number(row.pid) !== session.processId) return 'pooler';
  return Number(row.port ?? 0) === (session.port ?? 0) ? 'direct' : 'unknown';
}

/**
 * Must be asked before a password is changed in a session.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY` if a pooler may keep the password that is to be changed
 */
export async function assertReachesServer(session: Session, way: Way): Promise<void> {
  const { host, port } = session.place;
  const isPooler = way === 'pooler' || isRdsProxy(host) || (way === 'unknown' && (await isPgpool(session)));
  if (isPooler) throw poolerInTheWay({ ...session.target, host, port }, 'another process');
}

/** Whether Pgpool-II answers: it knows a setting that no server has. A server notes the question in its log as an error. */
async function isPgpool(session: Session): Promise<boolean> {
  try {
    return (await session.query('SHOW pool_version')).length > 0;
  } catch (error) {
    if (codeOf(error) === '42704') return false;
    throw toFailure(error, 'ask whether it is Pgpool-II', session.target);
  }
}

/**
 * A pooler answers in the place of the server.
 *
 * @param problem what shows that it does
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
        `${place} let "${target.username}" in with a session of "${quoted(sessionUser)}", so the server never saw the password`,
        {
          hint:
            'nothing was changed. Connect past the pooler with the option `connectTo`, and find out where the pooler keeps ' +
            'its passwords: it must learn the new one too',
        },
      )
    : new RotationError(
        'ERR_POOLER_IN_THE_WAY',
        `${place} stands between the function and the server, so the password of "${target.username}" was not changed`,
        {
          hint:
            'a pooler that keeps passwords of its own (PgBouncer’s auth_file, Pgpool’s pool_passwd, RDS Proxy) would lock ' +
            'everybody out. If it asks the server at each login (PgBouncer’s auth_query), say so with the option ' +
            '`poolerAsksServer` or POOLER_ASKS_SERVER=true; else connect past it with the option `connectTo`, and see to ' +
            'it that the pooler learns the new password',
        },
      );
}
