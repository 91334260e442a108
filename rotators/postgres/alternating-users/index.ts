import { RotationError, type Rotator, type StepContext, stringField } from '../../../src/index.js';
import { pairFinder } from '../../databases/pairs.js';
import { type PostgresOptions, readOptions } from '../connections.js';
import { type PostgresSecret, parseSecret, SHOWS } from '../secret.js';
import type { Session } from '../session.js';
import { identityOf } from './acting-role.js';

/** The JSON of the secrets that AWS's "multi user" function uses. */
export interface AlternatingUsersSecret extends PostgresSecret {
  readonly masterarn: string;
}

export interface AlternatingUsersOptions extends PostgresOptions {
  /**
   * Which users take turns: the original, and its clone.
   *
   * @default `app` and `app_clone`, as in AWS's function
   */
  readonly pairs?: Readonly<Record<string, string>>;
}

/**
 * Rotates between two users, so that what applications hold stays valid for a whole interval: the administrator that
 * `masterarn` names sets the password of the one that is not in use. The clone is made when it is first needed, and
 * kept like the original at each of its turns; its sessions act as the original, which owns what either creates.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function alternatingUsers(
  options: AlternatingUsersOptions = {},
): Rotator<AlternatingUsersSecret, 'username' | 'password'> {
  const { makePassword, ...connections } = readOptions(options);
  const pairOf = pairFinder(options.pairs ?? {});

  return {
    name: 'postgres-alternating-users',
    rotates: ['username', 'password'],
    shows: SHOWS,
    ownWords: true,
    rejectionHint:
      'a role that does not exist, or whose VALID UNTIL has passed, is refused like one with a wrong password',
    parse: (json) => ({ ...parseSecret(json), masterarn: stringField(json, 'masterarn') }),
    createSecret: ({ username }) => ({ username: pairOf(username).other, password: makePassword() }),
    async setSecret(versions, context) {
      const { setSecret } = await import('./set-secret.js');
      await setSecret(versions, pairOf(versions.current.username), connections, context);
    },
    testSecret,
  };

  async function testSecret(
    pending: AlternatingUsersSecret,
    context: StepContext,
  ): Promise<'accepted' | 'rejected'> {
    const session = await connections.logIn(pending, context);
    if (session === 'rejected') return 'rejected';
    try {
      await assertActsAsOriginal(session, pending, context);
      return 'accepted';
    } finally {
      await session.end();
    }
  }

  /** A login whose grant was revoked succeeds, and silently stays itself. */
  async function assertActsAsOriginal(
    session: Session,
    pending: AlternatingUsersSecret,
    context: StepContext,
  ): Promise<void> {
    const { username } = pending;
    const { original } = pairOf(username);
    const { actsAs, setTo, mayActAsOriginal } = await identityOf(session, original, pending);
    if (actsAs === (setTo ?? original)) return;
    // A clone of AWS's making, whose turn has not come, or that owns what the original could not use.
    if (setTo === undefined && mayActAsOriginal) {
      return context.warn(`sessions of "${username}" act as "${actsAs}", not as "${original}"`);
    }
    const expected = setTo ?? original;
    const grant = `GRANT ${session.escapeIdentifier(expected)} TO ${session.escapeIdentifier(username)}`;
    throw new RotationError(
      'ERR_RIGHTS_MISSING',
      `sessions of "${username}" act as "${actsAs}", not as "${expected}"`,
      { hint: grant },
    );
  }
}
