import { isRotationError, quoted, RotationError } from '../../src/index.js';
import { placeName, toFailure } from './failures.js';
import { isPasswordPlugin, type PasswordPlugin, ROUNDS } from './hashes.js';
import type { Session } from './session.js';
import { type LoginMethod, methodsOf } from './show-create-user.js';

/** What a user's own session tells of the account and the server. */
export interface AccountFacts {
  /** The one plugin that checks the account's passwords. */
  readonly plugin: PasswordPlugin;
  /**
   * What is stored for each password, in the server's order. MySQL shows a user neither: one that is not shown is undefined, and
   * whether there is a second one only root can see.
   */
  readonly hashes: readonly (string | undefined)[];
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
 * @throws RotationError `ERR_SERVICE_UNSUPPORTED` for a server that is too old, and for an account that can be logged in to by
 *   other means than one or two passwords of one plugin: a change would take them away
 */
export async function accountFacts(session: Session): Promise<AccountFacts> {
  assertNew(session);
  try {
    const [shown] = await session.query('SHOW CREATE USER CURRENT_USER()');
    const methods = methodsOf(String(Object.values(shown ?? {})[0]));
    const names = SETTINGS.map((name) => `'${name}'`).join();
    const rows = await session.query(`SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names})`);
    const settings = new Map(rows.map(({ Variable_name, Value }) => [String(Variable_name), String(Value)]));
    return {
      plugin: onePlugin(methods, session),
      hashes: methods.map(({ hash }) => hash),
      rounds: Number(settings.get('caching_sha2_password_digest_rounds') ?? ROUNDS.least),
      // MariaDB 12 knows kinds of it.
      isReadOnly: SETTINGS.slice(0, 3).some((name) => !['OFF', '0'].includes(settings.get(name) ?? 'OFF')),
    };
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask for the account', session);
  }
}

/**
 * @throws RotationError if no password can be changed there by us
 */
export function assertChangeable({ isReadOnly, rounds, plugin }: AccountFacts, { place }: Session): void {
  if (isReadOnly) {
    throw new RotationError('ERR_SERVICE_READ_ONLY', `${placeName(place)} is read-only`, {
      hint: 'name the writer’s endpoint as "host", not a reader’s, or lead there with the option `connectTo`',
    });
  }
  if (plugin === 'caching_sha2_password' && !(rounds >= ROUNDS.least && rounds <= ROUNDS.most)) {
    throw new RotationError('ERR_SERVICE_UNSUPPORTED', `${placeName(place)} asks for ${rounds} rounds`, {
      hint: `set caching_sha2_password_digest_rounds of the server to at most ${ROUNDS.most}`,
    });
  }
}

function assertNew({ flavour, version, place }: Session): void {
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

function onePlugin(methods: readonly LoginMethod[], { account, place, flavour }: Session): PasswordPlugin {
  const plugins = methods.map(({ plugin }) => plugin);
  const [plugin = '', ...others] = plugins;
  // MySQL shows one, and more only if they are factors that are asked for one after the other.
  const isAlike = others.every((other) => other === plugin) && others.length <= (flavour === 'mysql' ? 0 : 1);
  if (isAlike && isPasswordPlugin(plugin)) return plugin;
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
