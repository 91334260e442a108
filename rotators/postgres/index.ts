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

/** Options of {@link postgres}. */
export interface SingleUserOptions
  extends PostgresOptions,
    Pick<OptionsOfSingleUsers<PostgresSecret>, 'mayReset'> {}

/**
 * Returns a rotator for the password of one PostgreSQL user.
 *
 * The user logs in and changes its own password. If the secret has a `masterarn`, the user logs in and the administrator of that
 * secret changes the password. SQL carries a SCRAM-SHA-256 verifier, never the password, so no log of the server holds it.
 *
 * AWSCURRENT opens no new session from setSecret until finishSecret. Open sessions stay open.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { postgres } from 'quarterturn/rotators/postgres';
 *
 * export const handler = rotationHandler(postgres());
 * ```
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
 */
export function postgres(options: SingleUserOptions = {}): Rotator<PostgresSecret, 'password'> {
  return singleUser(engine, options);
}
