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

/** What a session tells of its own account, and of the server. */
export interface AccountFacts {
  /**
   * The ways to log in to the account, in the server's order. MySQL shows a user no hash, and whether there is a second password
   * only root can see.
   */
  readonly methods: readonly LoginMethod[];
  /** Of a new caching_sha2_password. */
  readonly rounds: number;
  readonly isReadOnly: boolean;
}

/** Since when a server holds two passwords of an account. */
const OLDEST = { mysql: [8, 0, 14], mariadb: [10, 4, 0] } as const;

const SETTINGS = ['read_only', 'super_read_only', 'innodb_read_only', 'caching_sha2_password_digest_rounds'];

/**
 * Asks what account the session is of, before anything is sent that could change it.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` for a server that is too old
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
      // MariaDB 12 knows kinds of it.
      isReadOnly: SETTINGS.slice(0, 3).some((name) => !['OFF', '0'].includes(settings.get(name) ?? 'OFF')),
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask for the account', session);
  }
}

/**
 * Must be asked of the session that makes a change.
 *
 * @param otherwise what else the hint has
 * @throws RotationError if no password can be changed there by us
 */
export function assertChangeable(
  witness: Witness,
  connections: Pick<Connections<MysqlSecret, Session>, 'poolerAsksServer'>,
  otherwise = '',
): void {
  const { place } = witness.session;
  if (witness.facts.isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${placeName(place)} is read-only`, {
      hint: `name the writer’s endpoint as "host", not a reader’s, or lead there with the option \`connectTo\`${otherwise}`,
    });
  }
  assertDirect(witness, connections);
}

/**
 * Must be asked of each session that takes part in a change: of a user’s, too, whose server may be a replica.
 *
 * @throws RotationError `ERR_POOLER_IN_THE_WAY`
 */
export function assertDirect(
  { session: { place, target, way } }: Witness,
  { poolerAsksServer }: Pick<Connections<MysqlSecret, Session>, 'poolerAsksServer'>,
): void {
  if (!poolerAsksServer && (way === 'pooler' || isRdsProxy(place.host))) throw poolerInTheWay(target, place);
}

/**
 * The one plugin that checks an account's passwords.
 *
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` for an account that can be logged in to by other means than one or two
 *   passwords of one plugin: a change would take them away; and if its hashes would take too long
 */
export function passwordPlugin(
  { account, methods }: { readonly account: Account; readonly methods: readonly LoginMethod[] },
  { rounds }: AccountFacts,
  { flavour, place }: Pick<Session, 'flavour' | 'place'>,
): PasswordPlugin {
  const plugins = methods.map(({ plugin }) => plugin);
  const [plugin = '', ...others] = plugins;
  // MySQL shows one, and more only if they are factors that are asked for one after the other.
  const isAlike = others.every((other) => other === plugin) && others.length <= (flavour === 'mysql' ? 0 : 1);
  if (!isAlike || !isPasswordPlugin(plugin)) {
    throw new RotationError(
      'ERR_SERVICE_UNSUPPORTED',
      `"${quoted(`${account.user}@${account.host}`)}" at ${placeName(place)} is identified by ${quoted(plugins.join(' or ') || 'nothing')}`,
      {
        hint:
          'nothing was changed: setting a password would take the other ways to log in away. Only accounts with one password, or ' +
          'two, of one plugin are rotated: caching_sha2_password, mysql_native_password, ed25519 or parsec',
      },
    );
  }
  if (plugin === 'caching_sha2_password' && !(rounds >= ROUNDS.least && rounds <= ROUNDS.most)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${placeName(place)} asks for ${rounds} rounds`, {
      hint: `set caching_sha2_password_digest_rounds of the server to at most ${ROUNDS.most}`,
    });
  }
  return plugin;
}

function assertNew({ flavour, version, place }: SessionOf): void {
  // MariaDB's replicas once had to see a 5 first.
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
      hint: 'nothing was changed; upgrade the server',
    },
  );
}

function poolerInTheWay({ username }: MysqlSecret, place: Place): RotationError {
  return new RotationError(
    'ERR_POOLER_IN_THE_WAY',
    `a connection pooler at ${placeName(place)} stands between the function and the server, so no password was changed`,
    {
      hint:
        `a pooler that keeps passwords of its own (ProxySQL’s mysql_users, RDS Proxy) would refuse "${username}". If it asks the ` +
        'server at each login, say so with the option `poolerAsksServer` or POOLER_ASKS_SERVER=true; else connect past it with ' +
        'the option `connectTo`, and see to it that the pooler learns the new password',
    },
  );
}
