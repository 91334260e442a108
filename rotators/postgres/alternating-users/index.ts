import type { Rotator } from '../../../src/index.js';
import { type AlternatingOptions, alternating } from '../../databases/alternating.js';
import type { AlternatingEngine } from '../../databases/engine.js';
import type { ServerFacts } from '../facts.js';
import type { PostgresOptions } from '../options.js';
import { POSTGRESQL, type PostgresSecret } from '../secret.js';
import type { Session } from '../session.js';

/** The JSON of the secrets that AWS's "multi user" function uses. */
export interface AlternatingUsersSecret extends PostgresSecret {
  readonly masterarn: string;
}

export interface AlternatingUsersOptions
  extends PostgresOptions,
    Pick<AlternatingOptions<PostgresSecret>, 'pairs'> {
  /**
   * Set this if a new clone may lack settings of the original (`ALTER ROLE … SET`) that the administrator may not set: then
   * that is a warning. Policies or functions that read them give the clone other rows.
   *
   * @default false: the clone's first turn fails, with the SQL that a superuser can run
   */
  readonly cloneMayDiffer?: boolean;
}

const engine: Omit<AlternatingEngine<PostgresSecret, Session, ServerFacts, string>, 'turns'> = {
  ...POSTGRESQL,
  name: 'postgres-alternating-users',
  rejectionHint:
    'a role that does not exist, or whose VALID UNTIL has passed, is refused like one with a wrong password',
  // NAMEDATALEN - 1: PostgreSQL cuts longer names off, and two of them may become one.
  userNames: { suffix: '_clone', most: 63, unit: 'bytes' },
};

/**
 * Rotates between two users, so that what applications hold stays valid for a whole interval: the administrator that
 * `masterarn` names sets the password of the one that is not in use. The clone is made when it is first needed, and
 * kept like the original at each of its turns; its sessions act as the original, which owns what either creates.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if no password could meet the policy
 * @throws TypeError for another option that cannot be
 */
export function alternatingUsers(
  options: AlternatingUsersOptions = {},
): Rotator<AlternatingUsersSecret, 'username' | 'password'> {
  const { cloneMayDiffer = false, ...others } = options;
  const turns = () => import('./turns.js').then(({ turnsWith }) => turnsWith({ cloneMayDiffer }));
  return alternating({ ...engine, turns }, others);
}
