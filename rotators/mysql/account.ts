import { isRotationError, quoted, RotationError } from '../../src/index.js';
import type { Connections } from '../databases/connections.js';
import type { DatabaseStep, Witness as WitnessOf } from '../databases/engine.js';
import { isRdsProxy } from '../databases/rds/name.js';
import { placeName } from '../databases/secret.js';
import type { Place } from '../databases/session.js';
import { toFailure } from './failures.js';
import { isPasswordPlugin, type PasswordPlugin, ROUNDS } from './hashes.js';
import type { MysqlSecret } from './secret.js';
import type { Account, Session as SessionOf } from './session.js';
import { type LoginMethod, methodsOf } from './show-create-user.js';

export type Session = SessionOf<MysqlSecret>;

export type Witness = WitnessOf<Session, AccountFacts>;

export type Step = DatabaseStep<MysqlSecret, Session>;

/** Facts that a session tells about its own account and the server. */
export interface AccountFacts {
  /**
   * Ways to log in to the account, in the server's order. MySQL shows a user no hash, and only root sees whether there is a
   * second password.
   */
  readonly methods: readonly LoginMethod[];
  /** Rounds of a new caching_sha2_password. */
  readonly rounds: number;
  readonly isReadOnly: boolean;
}

/** First versions that hold two passwords of an account. */
const OLDEST = { mysql: [8, 0, 14], mariadb: [10, 4, 0] } as const;

const SETTINGS = ['read_only', 'super_read_only', 'innodb_read_only', 'caching_sha2_password_digest_rounds'];

/**
 * Asks for the session's account, before any statement that changes it.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the server is too old
 */
export async function accountFacts(session: SessionOf): Promise<AccountFacts> {
  assertNew(session);
  try {
    const [shown] = await session.query('SHOW CREATE USER CURRENT_USER()');
    const methods = methodsOf(String(Object.values(shown ?? {})[0]));
    const names = SETTINGS.map((name) => `'${name}'`).join();
    const rows = await session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`);
    const settings = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
    return {
      methods,
      rounds: Number(settings.get('caching_sha2_password_digest_rounds') ?? ROUNDS.least),
      // MariaDB 12 has more values than ON and OFF.
      isReadOnly: SETTINGS.slice(0, 3).some((name) => !['OFF', '0'].includes(settings.get(name) ?? 'OFF')),
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask for the account', session);
  }
}

/**
 * Checks the session that is to make a change.
 *
 * @param otherwise text to append to the hint
 * @throws RotationError if the server is read-only, or a pooler is in the way
 */
export function assertChangeable(
  witness: Witness,
  connections: Pick<Connections<MysqlSecret, Session>, 'poolerAsksServer'>,
  otherwise = '',
): void {
  const { place } = witness.session;
  if (witness.facts.isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${placeName(place)} is read-only`, {
      hint: `set "host" to the writer’s endpoint, not a reader’s, or connect to the writer with the option \`connectTo\`${otherwise}`,
    });
  }
  assertDirect(witness, connections);
}

/**
 * Checks each session that takes part in a change, also a user's, whose server may be a replica.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY` if a pooler may keep the password
 */
export function assertDirect(
  { session: { place, target, way } }: Witness,
  { poolerAsksServer }: Pick<Connections<MysqlSecret, Session>, 'poolerAsksServer'>,
): void {
  if (!poolerAsksServer && (way === 'pooler' || isRdsProxy(place.host))) throw poolerInTheWay(target, place);
}

/**
 * Returns the one plugin that checks an account's passwords.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` if the account has any other way to log in than one or two passwords of one
 *   plugin, since a change would remove that way; and if its hashes would take too long
 */
export function passwordPlugin(
  { account, methods }: { readonly account: Account; readonly methods: readonly LoginMethod[] },
  { rounds }: AccountFacts,
  { flavour, place }: Pick<Session, 'flavour' | 'place'>,
): PasswordPlugin {
  const plugins = methods.map(({ plugin }) => plugin);
  const [plugin = '', ...others] = plugins;
  // MySQL shows one. More are factors, which it asks for one after the other.
  const isAlike = others.every((other) => other === plugin) && others.length <= (flavour === 'mysql' ? 0 : 1);
  if (!isAlike || !isPasswordPlugin(plugin)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `"${quoted(`${account.user}@${account.host}`)}" at ${placeName(place)} is identified by ${quoted(plugins.join(' or ') || 'nothing')}`,
      {
        hint:
          'nothing was changed: a new password would remove the other ways to log in. ' +
          'Only accounts with one or two passwords of one plugin can be rotated: caching_sha2_password, mysql_native_password, ' +
          'ed25519 or parsec',
      },
    );
  }
  if (plugin === 'caching_sha2_password' && !(rounds >= ROUNDS.least && rounds <= ROUNDS.most)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `${placeName(place)} asks for ${rounds} rounds of caching_sha2_password`,
      {
        hint: `set caching_sha2_password_digest_rounds on the server to at most ${ROUNDS.most}`,
      },
    );
  }
  return plugin;
}

function assertNew({ flavour, version, place }: SessionOf): void {
  // MariaDB puts 5.5.5- first for old replicas.
  const [, ...parts] = /^(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const numbers = parts.map(Number);
  const oldest = OLDEST[flavour];
  const differs = oldest.findIndex((part, index) => part !== numbers[index]);
  const isNew = differs < 0 || (numbers[differs] ?? 0) > (oldest[differs] ?? 0);
  if (numbers.length === 3 && isNew) return;
  const name = flavour === 'mysql' ? 'MySQL' : 'MariaDB';
  throw new RotationError(
    'ERR_SERVICE_UNSUPPORTED',
    `${placeName(place)} is older than ${name} ${oldest.join('.')}`,
    {
      hint: 'nothing was changed. Upgrade the server',
    },
  );
}

function poolerInTheWay({ username }: MysqlSecret, place: Place): RotationError {
  return new RotationError(
    'ERR_POOLER_IN_THE_WAY',
    `a connection pooler at ${placeName(place)} stands between the function and the server, so no password was changed`,
    {
      hint:
        'connect past the pooler with the option `connectTo`, and make sure that it learns the new password. ' +
        'Only if it asks the server at each login, set the option `poolerAsksServer` or POOLER_ASKS_SERVER=true. ' +
        `A pooler that stores passwords itself (ProxySQL’s mysql_users, RDS Proxy) would refuse "${username}"`,
    },
  );
}
