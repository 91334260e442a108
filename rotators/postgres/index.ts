import type { Rotator } from '../../src/index.js';
import { type PostgresOptions, readOptions } from './connections.js';
import { LOOKS_WRONG } from './failures.js';
import { type PostgresSecret, parseSecret, SHOWS } from './secret.js';

export type { ClientCertificate } from '../../src/index.js';
export {
  type AlternatingUsersOptions,
  type AlternatingUsersSecret,
  alternatingUsers,
} from './alternating-users/index.js';
export type { PostgresOptions } from './connections.js';
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
    ownWords: true,
    rejectionHint: LOOKS_WRONG,
    parse: parseSecret,
    createSecret: () => ({ password: makePassword() }),
    async setSecret(versions, context) {
      const { setSecret } = await import('./set-secret.js');
      await setSecret(versions, mayReset, connections, context);
    },
    testSecret: connections.tryOut,
  };
}
