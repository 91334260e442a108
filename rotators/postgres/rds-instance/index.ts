import type { Rotator } from '../../../src/index.js';
import type { EngineInRds, Identifiers } from '../../databases/rds/engine-in-rds.js';
import { type MasterUserOptions, masterUser } from '../../databases/rds/master-user.js';
import type { PostgresOptions } from '../options.js';
import { POSTGRESQL, type PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

/** A master user's secret. */
export interface MasterSecret extends PostgresSecret, Identifiers {}

/** Options of {@link rdsInstance}. */
export interface RdsInstanceOptions
  extends PostgresOptions,
    Pick<MasterUserOptions<PostgresSecret>, 'pollMs' | 'appliesPending'> {}

const engine: EngineInRds<PostgresSecret, Session> = {
  ...POSTGRESQL,
  name: 'rds-instance',
  rejectionHint:
    'if setSecret succeeded, somebody has changed the password since, or the user’s VALID UNTIL has passed',
  passwords: { least: 8, most: 128, mostOfClusters: 41 },
  lookFor: 'a VALID UNTIL of the user',
  forOtherUsers: 'postgres()',
  logins: () => import('../login.js'),
};

/**
 * Returns a rotator for the master user of RDS for PostgreSQL or Aurora PostgreSQL. The RDS API changes the password. Logins only
 * check which password works.
 *
 * It is for master users that cannot change their own password, or that are locked out. For others use `postgres()`: it takes a
 * second instead of a minute, and needs no right to modify the database. The secret's writer chooses the database, so name it
 * in the policy of the function's role.
 *
 * AWSCURRENT opens no new session from the moment that RDS applies the password, in setSecret, until finishSecret.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { rdsInstance } from 'quarterturn/rotators/postgres';
 *
 * export const handler = rotationHandler(rdsInstance());
 * ```
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if RDS takes no password that meets the policy
 * @throws TypeError if any other option is invalid
 */
export function rdsInstance(options: RdsInstanceOptions = {}): Rotator<MasterSecret, 'password'> {
  return masterUser(engine, options);
}
