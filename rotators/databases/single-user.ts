import type { Rotator } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from './connections.js';
import type { Engine } from './engine.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** What a rotator for a single user can be told. */
export interface SingleUserOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /**
   * The users whose lost password the administrator may set anew, with no proof of the old one. Whoever may write the
   * secret of one of them can then take it over.
   *
   * @default none
   */
  readonly mayReset?: readonly string[];
}

/**
 * Returns the rotator that changes the password of one user: the user does it itself, or, if the secret has a `masterarn`,
 * the administrator of that secret does, after the user has logged in.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function singleUser<Secret extends DatabaseSecret, Session extends DatabaseSession<Secret>, Facts>(
  engine: Engine<Secret, Session, Facts>,
  options: SingleUserOptions<Secret> = {},
): Rotator<Secret, 'password'> {
  const { makePassword, ...connections } = connectionsOf(options, engine.server);
  const { mayReset = [] } = options;

  return {
    name: engine.name,
    rotates: ['password'],
    shows: engine.shows,
    ownWords: true,
    rejectionHint: engine.rejectionHint,
    parse: engine.parse,
    // A secret may say no more of its password than that it is a string.
    createSecret: () => ({ password: makePassword() }) as Pick<Secret, 'password'>,
    async setSecret(versions, context) {
      const [server, { setPassword }] = await Promise.all([engine.server(), import('./set-password.js')]);
      await setPassword(versions, { kind: engine, server, mayReset, connections, context });
    },
    testSecret: connections.tryOut,
  };
}
