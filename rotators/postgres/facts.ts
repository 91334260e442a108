import { isRotationError, RotationError } from '../../src/index.js';
import type { DatabaseStep, Witness as WitnessOf } from '../databases/engine.js';
import { placeName } from '../databases/secret.js';
import { toFailure } from './failures.js';
import { look } from './look.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';
import { assertReachesServer, identityColumns, type Way, wayOf } from './way.js';

/** Facts that a session tells about the server and its user. */
export interface ServerFacts {
  /** Version, as in `server_version_num`: 180004. */
  readonly version: number;
  readonly way: Way;
  readonly isReadOnly: boolean;
  /** Role that the session acts as: not always its user. */
  readonly actsAs: string;
  readonly isMd5: boolean;
  readonly iterations: number;
}

export type Witness = WitnessOf<Session, ServerFacts>;

export type Step = DatabaseStep<PostgresSecret, Session>;

/** Oldest supported version, as in `server_version_num`. */
const OLDEST = 100_000;

export async function serverFacts(session: Session): Promise<ServerFacts> {
  try {
    const rows = await look(
      session,
      'SELECT name, setting, pg_is_in_recovery() AS standby, current_user::text AS acts_as, ' +
        `${identityColumns(session)} FROM pg_settings ` +
        "WHERE name IN ('server_version_num', 'password_encryption', 'scram_iterations')",
    );
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    const version = Number(settings.get('server_version_num'));
    return {
      version,
      // An older server is refused anyway.
      way: version >= OLDEST ? wayOf(rows[0], session) : 'unknown',
      isReadOnly: rows.some(({ standby }) => standby === true),
      actsAs: String(rows[0]?.acts_as),
      isMd5: settings.get('password_encryption') !== 'scram-sha-256',
      iterations: Number(settings.get('scram_iterations') ?? 4096),
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask what server it is', session.target);
  }
}

/**
 * Checks that the session can change a password.
 *
 * @throws RotationError if the server is too old or read-only, or a pooler is in the way
 */
export async function assertChangeable(
  { session, facts: { version, isReadOnly, way } }: Witness,
  { connections: { poolerAsksServer } }: Step,
): Promise<void> {
  const place = placeName(session.target);
  if (!(version >= OLDEST)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${place} is older than PostgreSQL 10`, {
      hint: 'upgrade the server: it would store a SCRAM verifier as if it were the password',
    });
  }
  if (isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${place} is a standby, which takes no changes`, {
      hint: 'set "host" to the writer’s endpoint, not a reader’s, or connect to the writer with the option `connectTo`',
    });
  }
  if (!poolerAsksServer) await assertReachesServer(session, way);
}
