import { isRotationError, RotationError } from '../../src/index.js';
import type { DatabaseStep, Witness as WitnessOf } from '../databases/engine.js';
import { placeName } from '../databases/secret.js';
import { toFailure } from './failures.js';
import { look } from './look.js';
import type { PostgresSecret } from './secret.js';
import type { Session } from './session.js';
import { assertReachesServer, identityColumns, type Way, wayOf } from './way.js';

/** What a server says of itself, in a session of a user's. */
export interface ServerFacts {
  /** As `server_version_num`: 180004. */
  readonly version: number;
  readonly way: Way;
  readonly isReadOnly: boolean;
  /** As which role the session acts: not always its user. */
  readonly actsAs: string;
  readonly isMd5: boolean;
  readonly iterations: number;
}

export type Witness = WitnessOf<Session, ServerFacts>;

export type Step = DatabaseStep<PostgresSecret, Session>;

/** As `server_version_num`. */
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
      // An older server is refused for its age.
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
 * @throws RotationError if no password can be changed there by us
 */
export async function assertChangeable(
  { session, facts: { version, isReadOnly, way } }: Witness,
  { connections: { poolerAsksServer } }: Step,
): Promise<void> {
  const place = placeName(session.target);
  if (!(version >= OLDEST)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${place} is older than PostgreSQL 10`, {
      hint: 'it would store a SCRAM verifier as if it were the password; upgrade the server',
    });
  }
  if (isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${place} is a standby, which takes no changes`, {
      hint: 'name the writer’s endpoint as "host", not a reader’s, or lead there with the option `connectTo`',
    });
  }
  if (!poolerAsksServer) await assertReachesServer(session, way);
}
