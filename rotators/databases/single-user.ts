import type { Rotator } from '../../src/index.js';
import { connectionsOf, type DatabaseOptions } from './connections.js';
import type { Engine } from './engine.js';
import type { DatabaseSecret } from './secret.js';
import type { DatabaseSession } from './session.js';

/** Options of a rotator for a single user. */
export interface SingleUserOptions<Secret extends DatabaseSecret> extends DatabaseOptions<Secret> {
  /**
   * Users whose lost password the administrator may reset, without proof of the old one. Anyone who can write the secret
   * of such a user can then take that user over.
   *
   * @default [] (no user)
   */
  readonly mayReset?: readonly string[];
}

/**
 * Returns a rotator that changes the password of one user. The user changes it itself. If the secret has a `masterarn`, the
 * administrator of that secret changes it, after the user has logged in.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
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
    // The type of a secret may narrow `password` no further than to a string.
    createSecret: () => ({ password: makePassword() }) as Pick<Secret, 'password'>,
    async setSecret(versions, context) {
      const [server, { setPassword }] = await Promise.all([engine.server(), import('./set-password.js')]);
      await setPassword(versions, { kind: engine, server, mayReset, connections, context });
    },
    testSecret: connections.tryOut,
  };
}
