import { isRotationError, RotationError, type StepContext } from '../../src/index.js';
import { toFailure } from './failures.js';
import { md5Verifier, scramVerifier } from './password/verifier.js';
import { type PostgresSecret, placeName } from './secret.js';
import { MAX_ITERATIONS, type PasswordForm, PIN_NAMES, type Session } from './session.js';
import { identityColumns, type Way, wayOf } from './way.js';

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

/** As `server_version_num`. */
const OLDEST = 100_000;

export async function serverFacts(session: Session, target: PostgresSecret): Promise<ServerFacts> {
  try {
    await session.query(`BEGIN READ ONLY; ${PIN_NAMES}`);
    const rows = await session.query(
      'SELECT name, setting, pg_is_in_recovery() AS standby, current_user::text AS acts_as, ' +
        `${identityColumns(session, target)} FROM pg_settings ` +
        "WHERE name IN ('server_version_num', 'password_encryption', 'scram_iterations')",
    );
    await session.query('COMMIT');
    const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
    const version = Number(settings.get('server_version_num'));
    return {
      version,
      // An older server is refused for its age.
      way: version >= OLDEST ? wayOf(rows[0], session, target) : 'unknown',
      isReadOnly: rows.some(({ standby }) => standby === true),
      actsAs: String(rows[0]?.acts_as),
      isMd5: settings.get('password_encryption') !== 'scram-sha-256',
      iterations: Number(settings.get('scram_iterations') ?? 4096),
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask what server it is', target);
  }
}

/**
 * @throws RotationError if no password can be changed there by us
 */
export function assertChangeable({ version, isReadOnly }: ServerFacts, target: PostgresSecret): void {
  if (!(version >= OLDEST)) {
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

/** A session, and what the server says of itself in it. */
export interface Witness {
  readonly session: Session;
  readonly facts: ServerFacts;
  /** Whose session it is. */
  readonly target: PostgresSecret;
}

/** What is known of the password that the server holds now, for the user that is to get another. */
export interface StoredForm {
  readonly form: PasswordForm | undefined;
  /** Of SCRAM, if it is known. */
  readonly iterations?: number | undefined;
}

export const UNKNOWN_FORM: StoredForm = { form: undefined };

/**
 * What is sent in place of a password: never a weaker form than what the server holds. Where pg_hba.conf wants SCRAM, an
 * MD5 verifier locks the user out; so it is sent only if the server asks for MD5 of this very user.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the server wants more iterations than can be computed in time, or none
 */
export async function verifierFor(
  { username, password }: Pick<PostgresSecret, 'username' | 'password'>,
  { facts, target }: Pick<Witness, 'facts' | 'target'>,
  stored: StoredForm,
  context: StepContext,
): Promise<string> {
  if (!(Number.isInteger(facts.iterations) && facts.iterations >= 1 && facts.iterations <= MAX_ITERATIONS)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${placeName(target)} asks for ${facts.iterations} iterations`,
      { hint: `set scram_iterations of the role or the server to at most ${MAX_ITERATIONS}` },
    );
  }
  if (facts.isMd5 && stored.form === 'md5') {
    context.warn(
      `${placeName(target)} stores passwords as MD5 (password_encryption), which whoever reads it can log in with, and ` +
        `which is sent in SQL; change it to scram-sha-256 once all clients know SCRAM`,
    );
    return md5Verifier(password, username);
  }
  if (facts.isMd5 && stored.form !== 'scram') {
    context.warn(
      `${placeName(target)} stores new passwords as MD5 (password_encryption), and does not show whether that of ` +
        `"${username}" is MD5 or SCRAM. It is SCRAM from now on, so that no line of pg_hba.conf refuses it`,
    );
  }
  return scramVerifier(password, Math.max(facts.iterations, stored.iterations || 0));
}
