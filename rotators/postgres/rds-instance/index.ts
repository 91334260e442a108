import type { Rotator } from '../../../src/index.js';
import type { EngineInRds, Identifiers } from '../../databases/rds/engine-in-rds.js';
import { type MasterUserOptions, masterUser } from '../../databases/rds/master-user.js';
import type { PostgresOptions } from '../options.js';
import { POSTGRESQL, type PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

/** The secret of a master user. */
export interface MasterSecret extends PostgresSecret, Identifiers {}

export interface RdsInstanceOptions
  extends PostgresOptions,
    Pick<MasterUserOptions<PostgresSecret>, 'pollMs' | 'appliesPending'> {}

const engine: EngineInRds<PostgresSecret, Session> = {
  ...POSTGRESQL,
  name: 'rds-instance',
  rejectionHint:
    'if setSecret was done, the password was changed again since, or the user’s VALID UNTIL has passed',
  passwords: { least: 8, most: 128, mostOfClusters: 41 },
  lookFor: 'a VALID UNTIL of the user',
  forOtherUsers: 'postgres()',
  logins: () => import('../login.js'),
};

/**
 * Rotates the password of the master user of an RDS or Aurora database through the API of RDS: no session with the
 * database changes anything, logins only tell which password it takes.
 *
 * It is for master users that cannot change their own password, and for those that are locked out. Where they can,
 * `postgres()` takes a second instead of a minute, and needs no right to modify the database. Whoever may write the
 * secret chooses the database, so the policy of the function's role should name it.
 *
 * From the moment that RDS applies the password, in setSecret, until finishSecret, AWSCURRENT cannot open new sessions.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS would take no password that meets the policy
 * @throws TypeError for another option that cannot be
 */
export function rdsInstance(options: RdsInstanceOptions = {}): Rotator<MasterSecret, 'password'> {
  return masterUser(engine, options);
}
