import { RotationError, type StepContext } from '../../src/index.js';
import { toFailure } from './failures.js';
import { type PostgresSecret, placeName } from './secret.js';
import { MAX_ITERATIONS, PIN_NAMES, type Session } from './session.js';
import { md5Verifier, scramVerifier } from './verifier.js';

/** What a server says of itself, in a session of a user's. */
export interface ServerFacts {
  /** As `server_version_num`: 180004. */
  readonly version: number;
  readonly isReadOnly: boolean;
  readonly isMd5: boolean;
  readonly iterations: number;
}

export async function serverFacts(session: Session, target: PostgresSecret): Promise<ServerFacts> {
  try {
    await session.query(`BEGIN READ ONLY; ${PIN_NAMES}`);
    const rows = await session.query(
      'SELECT name, setting, pg_is_in_recovery() AS standby FROM pg_settings ' +
        "WHERE name IN ('server_version_num', 'password_encryption', 'scram_iterations')",
    );
    await session.query('COMMIT');
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    return {
      version: Number(settings.get('server_version_num')),
      isReadOnly: rows.some(({ standby }) => standby === true),
      isMd5: settings.get('password_encryption') !== 'scram-sha-256',
      iterations: Number(settings.get('scram_iterations') ?? 4096),
    };
  } catch (error) {
    throw toFailure(error, 'ask what server it is', target);
  }
}

/**
 * @throws RotationError if no password can be changed there by us
 */
export function assertChangeable({ version, isReadOnly }: ServerFacts, target: PostgresSecret): void {
  if (!(version >= 100_000)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${placeName(target)} is older than PostgreSQL 10`, {
      hint: 'it would store a SCRAM verifier as if it were the password; upgrade the server',
    });
  }
  if (isReadOnly) {
    throw new RotationError(
      'ERR_SERVICE_READ_ONLY',
      `${placeName(target)} is a standby, which takes no changes`,
      {
        hint: 'name the writer’s endpoint as "host", not a reader’s, or lead there with the option `connectTo`',
      },
    );
  }
}

/** Who shows, by having logged in, what kind of verifier the server works with. */
export interface Witness {
  readonly session: Session;
  readonly facts: ServerFacts;
  /** Whose session it is. */
  readonly target: PostgresSecret;
}

/**
 * What is sent in place of a password.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the server wants more iterations than can be computed in time, or none
 */
export async function verifierFor(
  { username, password }: Pick<PostgresSecret, 'username' | 'password'>,
  { session, facts, target }: Witness,
  context: StepContext,
): Promise<string> {
  const { iterations } = facts;
  if (!(Number.isInteger(iterations) && iterations >= 1 && iterations <= MAX_ITERATIONS)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${placeName(target)} asks for ${iterations} iterations`,
      { hint: `set scram_iterations of the role or the server to at most ${MAX_ITERATIONS}` },
    );
  }
  // Whoever has logged in by SCRAM can be stored as SCRAM; where pg_hba.conf wants it, MD5 would lock the user out.
  if (!facts.isMd5 || session.isScram) return scramVerifier(password, iterations);
  context.warn(
    `${placeName(target)} stores passwords as MD5 (password_encryption), which whoever reads it can log in with, and ` +
      `which is sent in SQL; change it to scram-sha-256 once all clients know SCRAM`,
  );
  return md5Verifier(password, username);
}
