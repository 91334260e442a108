import type { Rotator } from '../../src/index.js';
import type { MysqlOptions } from './options.js';
import { rotatorFor } from './rotator.js';
import type { MysqlSecret } from './secret.js';

export type { ClientCertificate } from '../../src/index.js';
export type { Endpoint } from '../databases/session.js';
export type { AlternatingUsersOptions, AlternatingUsersSecret } from './alternating-users/index.js';
export { alternatingUsers } from './alternating-users/index.js';
export type { MysqlOptions } from './options.js';
export { type MasterSecret, type RdsInstanceOptions, rdsInstance } from './rds-instance/index.js';
export type { MysqlSecret } from './secret.js';

/**
 * Returns a rotator for the password of one user of MySQL or MariaDB.
 *
 * If the secret has a `masterarn`, the user logs in. Then the administrator of that secret makes the server take both
 * AWSCURRENT and AWSPENDING: no client is refused, and only hashes are sent. Without a `masterarn`, the user changes its own
 * password.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { mysql } from 'quarterturn/rotators/mysql';
 *
 * export const handler = rotationHandler(mysql());
 * ```
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
 */
export function mysql(options: MysqlOptions = {}): Rotator<MysqlSecret, 'password'> {
  return rotatorFor(options);
}
