import type { Rotator } from '../../src/index.js';
import { type SingleUserOptions as OptionsOfSingleUsers, singleUser } from '../databases/single-user.js';
import { engine } from './engine.js';
import type { PostgresOptions } from './options.js';
import type { PostgresSecret } from './secret.js';

export type { ClientCertificate } from '../../src/index.js';
export type { Endpoint } from '../databases/session.js';
export {
  type AlternatingUsersOptions,
  type AlternatingUsersSecret,
  alternatingUsers,
} from './alternating-users/index.js';
export type { PostgresOptions } from './options.js';
export { type MasterSecret, type RdsInstanceOptions, rdsInstance } from './rds-instance/index.js';
export type { PostgresSecret } from './secret.js';

export interface SingleUserOptions
  extends PostgresOptions,
    Pick<OptionsOfSingleUsers<PostgresSecret>, 'mayReset'> {}

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
  return singleUser(engine, options);
}
