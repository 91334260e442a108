import type { Rotator } from '../../../src/index.js';
import type { DatabaseOptions } from '../../databases/connections.js';
import type { EngineInRds, Identifiers } from '../../databases/rds/engine-in-rds.js';
import { type MasterUserOptions, masterUser } from '../../databases/rds/master-user.js';
import type { Session } from '../account.js';
import { type MysqlOptions, serverOptions } from '../options.js';
import { provable, withoutBinding } from '../rotator.js';
import { MYSQL, type MysqlSecret } from '../secret.js';

/** A master user's secret. */
export interface MasterSecret extends MysqlSecret, Identifiers {}

/** Options of {@link rdsInstance}. */
export interface RdsInstanceOptions
  extends Omit<DatabaseOptions<MysqlSecret>, 'channelBinding'>,
    Pick<MysqlOptions, 'serverPublicKey'>,
    Pick<MasterUserOptions<MysqlSecret>, 'pollMs' | 'appliesPending'> {}

/**
 * Returns a rotator for the master user of RDS for MySQL, RDS for MariaDB or Aurora MySQL. The RDS API changes the password.
 * Logins only check which password works.
 *
 * It is for master users that cannot change their own password, or that are locked out. For others use `mysql()`: it takes a
 * second instead of a minute, and needs no right to modify the database. The secret's writer chooses the database, so name it
 * in the policy of the function's role.
 *
 * AWSCURRENT opens no new session from the moment that RDS applies the password, in setSecret, until finishSecret.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { rdsInstance } from 'quarterturn/rotators/mysql';
 *
 * export const handler = rotationHandler(rdsInstance());
 * ```
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS takes no password that meets the policy
 * @throws TypeError if any other option is invalid
 */
export function rdsInstance(options: RdsInstanceOptions = {}): Rotator<MasterSecret, 'password'> {
  const engine = engineWith(serverOptions(options).serverPublicKey);
  const common = withoutBinding(options);
  return provable(masterUser(engine, common), common, { logins: engine.logins, isSent: () => false });
}

function engineWith(serverPublicKey: string | undefined): EngineInRds<MysqlSecret, Session> {
  return {
    ...MYSQL,
    name: 'mysql-rds-instance',
    rejectionHint:
      'if setSecret succeeded, somebody has changed the password since, or the account wants a certificate (REQUIRE)',
    passwords: { least: 8, most: 41 },
    lookFor: 'a REQUIRE of the account, or another account of that name for the function’s address',
    forOtherUsers: 'mysql()',
    async logins() {
      const { login } = await import('../session.js');
      return {
        logIn: (secret, loginOptions) => login(secret, { ...loginOptions, serverPublicKey }),
        // The login has asked already.
        ask: async (session) => session.assertOpen(),
      };
    },
  };
}
