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
 * Rotates the password of one user of MySQL or MariaDB. If the secret has a `masterarn`, the user logs in, and the administrator of
 * that secret has the server take AWSCURRENT and AWSPENDING both: nobody is refused, and nothing but hashes is sent. Else the
 * user changes its own password.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function mysql(options: MysqlOptions = {}): Rotator<MysqlSecret, 'password'> {
  return rotatorFor(options);
}
