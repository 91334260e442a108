import type { Rotator } from '../../../src/index.js';
import type { DatabaseOptions } from '../../databases/connections.js';
import type { EngineInRds, Identifiers } from '../../databases/rds/engine-in-rds.js';
import { type MasterUserOptions, masterUser } from '../../databases/rds/master-user.js';
import type { Session } from '../account.js';
import { type MysqlOptions, serverOptions } from '../options.js';
import { provable, withoutBinding } from '../rotator.js';
import { MYSQL, type MysqlSecret } from '../secret.js';

/** The secret of a master user. */
export interface MasterSecret extends MysqlSecret, Identifiers {}

export interface RdsInstanceOptions
  extends Omit<DatabaseOptions<MysqlSecret>, 'channelBinding'>,
    Pick<MysqlOptions, 'serverPublicKey'>,
    Pick<MasterUserOptions<MysqlSecret>, 'pollMs' | 'appliesPending'> {}

/**
 * Rotates the password of the master user of an RDS database for MySQL or MariaDB, or of Aurora MySQL, through the API of RDS:
 * no session with the database changes anything, logins only tell which password works.
 *
 * It is for master users that cannot change their own password, and for those that are locked out. Where they can,
 * `mysql()` takes a second instead of a minute, and needs no right to modify the database. Whoever may write the
 * secret chooses the database, so the policy of the function's role should name it.
 *
 * From the moment that RDS applies the password, in setSecret, until finishSecret, AWSCURRENT cannot open new sessions.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS would take no password that meets the policy
 * @throws TypeError for another option that cannot be
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
      'if setSecret was done, the password was changed again since, or the account wants a certificate (REQUIRE)',
    passwords: { least: 8, most: 41 },
    lookFor: 'a REQUIRE of the account, or another account of that name for the function’s address',
    forOtherUsers: 'mysql()',
    async logins() {
      const { login } = await import('../session.js');
      return {
        logIn: (secret, loginOptions) => login(secret, { ...loginOptions, serverPublicKey }),
        // A login has asked already.
        ask: async (session) => session.assertOpen(),
      };
    },
  };
}
