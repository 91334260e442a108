import type { Rotator } from '../../../src/index.js';
import { type AlternatingOptions, alternating } from '../../databases/alternating.js';
import type { AlternatingEngine } from '../../databases/engine.js';
import type { ServerFacts } from '../facts.js';
import type { PostgresOptions } from '../options.js';
import { POSTGRESQL, type PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

/** A secret of alternating users, with the fields that AWS's "multi user" function uses. */
export interface AlternatingUsersSecret extends PostgresSecret {
  /** ARN of an administrator's secret. */
  readonly masterarn: string;
}

/** Options of {@link alternatingUsers}. */
export interface AlternatingUsersOptions
  extends PostgresOptions,
    Pick<AlternatingOptions<PostgresSecret>, 'pairs'> {
  /**
   * Set this if a new clone may lack settings of the original (`ALTER ROLE … SET`) that the administrator may not set. The
   * rotation then warns instead of failing. Policies and functions that read these settings give the clone other rows.
   *
   * @default false: the clone's first turn fails, with the SQL for a superuser
   */
  readonly cloneMayDiffer?: boolean;
}

const engine: Omit<AlternatingEngine<PostgresSecret, Session, ServerFacts, string>, 'turns'> = {
  ...POSTGRESQL,
  name: 'postgres-alternating-users',
  rejectionHint: 'the server also refuses a role that does not exist, or whose VALID UNTIL has passed',
  // NAMEDATALEN - 1: PostgreSQL truncates longer names, and two may become one.
  userNames: { suffix: '_clone', most: 63, unit: 'bytes' },
};

/**
 * Returns a rotator for two PostgreSQL users that take turns. The administrator that `masterarn` names sets the password of the
 * user that is not in use, so the password that applications hold stays valid for a whole interval.
 *
 * The clone is made when it is first needed. Each of its turns gives it the original's present settings. Its sessions act as
 * the original, which owns everything that either creates.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { alternatingUsers } from 'quarterturn/rotators/postgres';
 *
 * export const handler = rotationHandler(alternatingUsers({ pairs: { app: 'app_b' } }));
 * ```
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password can meet the policy
 * @throws TypeError if any other option is invalid
 */
export function alternatingUsers(
  options: AlternatingUsersOptions = {},
): Rotator<AlternatingUsersSecret, 'username' | 'password'> {
  const { cloneMayDiffer = false, ...others } = options;
  const turns = () => import('./turns.js').then(({ turnsWith }) => turnsWith({ cloneMayDiffer }));
  return alternating({ ...engine, turns }, others);
}
