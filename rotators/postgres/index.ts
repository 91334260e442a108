import { RotationError, type Rotator, type StepContext, type Versions } from '../../src/index.js';
import { orDropPending } from './drop-pending.js';
import { type PostgresOptions, readOptions } from './options.js';
import { resetPassword, setPassword } from './password.js';
import { type PostgresSecret, parseSecret, placeName, SHOWS } from './secret.js';
import type { Session } from './session.js';

export {
  type AlternatingUsersOptions,
  type AlternatingUsersSecret,
  alternatingUsers,
} from './alternating-users/index.js';
export type { ClientCertificate } from './authorities.js';
export type { PostgresOptions } from './options.js';
export type { MasterSecret } from './rds-instance/database.js';
export { type RdsInstanceOptions, rdsInstance } from './rds-instance/index.js';
export type { PostgresSecret } from './secret.js';
export type { Endpoint } from './session.js';

export interface SingleUserOptions extends PostgresOptions {
  /**
   * The users whose lost password the administrator may set anew, with no proof of the old one. Whoever may write the
   * secret of one of them can then take it over.
   *
   * @default none
   */
  readonly mayReset?: readonly string[];
}

const EXPIRED =
  'a role that does not exist, has no password, or whose VALID UNTIL has passed is refused like one with a wrong password';

/**
 * Rotates the password of one user: the user logs in and changes it, or, if the secret has a `masterarn`, the user
 * logs in and the administrator of that secret changes it. What is sent is a SCRAM-SHA-256 verifier, never the password,
 * so that no log of the server can hold it.
 *
 * Between setSecret and finishSecret AWSCURRENT cannot open new sessions; open ones stay.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function postgres(options: SingleUserOptions = {}): Rotator<PostgresSecret, 'password'> {
  const { makePassword, ...connections } = readOptions(options);
  const { mayReset = [] } = options;

  return {
    name: 'postgres',
    rotates: ['password'],
    shows: SHOWS,
    rejectionHint: EXPIRED,
    parse: parseSecret,
    createSecret: () => ({ password: makePassword() }),
    setSecret,
    testSecret: connections.tryOut,
  };

  async function setSecret(versions: Versions<PostgresSecret>, context: StepContext): Promise<void> {
    const { pending } = versions;
    const found = await logInWithAny(versions, context);
    if (found === 'rejected')
      return resetPassword(pending, { mayReset, otherwise: locked(pending) }, connections, context);
    const { session, isCurrent } = found;
    try {
      await setPassword(pending, session, connections, context);
    } catch (error) {
      throw isCurrent ? orDropPending(error, context) : error;
    } finally {
      await session.end();
    }
  }

  /** AWSCURRENT first: on the normal path that is one login and no refused one, which a server might count. */
  async function logInWithAny(
    { pending, current, previous }: Versions<PostgresSecret>,
    context: StepContext,
  ): Promise<{ readonly session: Session; readonly isCurrent: boolean } | 'rejected'> {
    const byCurrent = await connections.logIn(current, context);
    if (byCurrent !== 'rejected') return { session: byCurrent, isCurrent: true };
    // An earlier attempt got this far. The password is set again in any case: the hash may be of another kind.
    const byPending = await connections.logIn(pending, context);
    if (byPending !== 'rejected') return { session: byPending, isCurrent: false };
    const old = await previous();
    if (!old || !isSamePlace(old, pending)) return 'rejected';
    const byPrevious = await connections.logIn({ ...pending, password: old.password }, context);
    return byPrevious === 'rejected' ? 'rejected' : { session: byPrevious, isCurrent: false };
  }
}

/** AWSPREVIOUS may be for elsewhere: its password goes to no other place than it was for, nor there in the clear. */
function isSamePlace(old: PostgresSecret, pending: PostgresSecret): boolean {
  const isSame = (['username', 'host', 'port'] as const).every((field) => old[field] === pending[field]);
  return isSame && (pending.ssl || !old.ssl);
}

function locked({ username, ...place }: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    `${placeName(place)} refused every password of "${username}" in the versions of the secret`,
    {
      hint:
        `the password was changed elsewhere: store the one that works with PutSecretValue, or set AWSCURRENT’s as ` +
        `an administrator, then rotate again; ${EXPIRED}`,
    },
  );
}
