import type { Rotator } from '../../../src/index.js';
import { type AlternatingOptions, alternating } from '../../databases/alternating.js';
import type { AlternatingEngine } from '../../databases/engine.js';
import type { AccountFacts, Session } from '../account.js';
import { type MysqlOptions, serverOptions } from '../options.js';
import { provable, withoutBinding } from '../rotator.js';
import { MYSQL, type MysqlSecret, REJECTION_HINT } from '../secret.js';
import type { Prepared } from './give-turn.js';
import { onMariadb } from './on-mariadb.js';

/** A secret of alternating users, with the fields that AWS's "multi user" function for MySQL uses. */
export interface AlternatingUsersSecret extends MysqlSecret {
  /** ARN of an administrator's secret. */
  readonly masterarn: string;
}

/** Options of {@link alternatingUsers}. */
export interface AlternatingUsersOptions
  extends Omit<MysqlOptions, 'keeps' | 'hosts' | 'mayReset'>,
    Pick<AlternatingOptions<MysqlSecret>, 'pairs'> {}

/**
 * Returns a rotator for two MySQL users that take turns. The administrator that `masterarn` names sets the password of the user
 * that is not in use, so the password that applications hold stays valid for a whole interval.
 *
 * The clone is made when it is first needed. Its only right is the original, as a role. MariaDB, where a user cannot be a
 * role, is refused: use `mysql()` there, with two passwords of one user.
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { alternatingUsers } from 'quarterturn/rotators/mysql';
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
  const { serverPublicKey } = serverOptions(options);
  const turns = () => import('./turns.js').then(({ turnsWith }) => turnsWith(serverPublicKey));
  const common = withoutBinding(options);
  const rotator = provable(alternating({ ...engine, turns }, common), common, {
    logins: turns,
    isSent: () => false,
  });
  return {
    ...rotator,
    createSecret(current, context) {
      if (current.engine === 'mariadb') throw onMariadb('"engine" is mariadb');
      return rotator.createSecret(current, context);
    },
  };
}

const engine: Omit<AlternatingEngine<MysqlSecret, Session, AccountFacts, Prepared>, 'turns'> = {
  ...MYSQL,
  name: 'mysql-alternating-users',
  rejectionHint: REJECTION_HINT,
  userNames: { suffix: '_clone', most: 32, unit: 'characters' },
};
