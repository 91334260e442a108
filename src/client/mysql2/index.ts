import { type EventEmitter, setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import type { Pool, PoolConnection, PoolOptions } from 'mysql2';
import { isNotMade, LOGIN_NOT_MADE } from '../login/not-made.js';
import { loginOf, mustHaveLogin } from '../pools/login.js';
import { Retirement, type SessionLogin } from '../pools/retirement.js';
import type { RotatingSecret } from '../secret.js';

/** The part of the package `mysql2` that {@link rotatingMysqlPool} uses: pass its default import, not that of `mysql2/promise`. */
export interface Mysql2 {
  /** Makes the pool that {@link rotatingMysqlPool} returns. */
  createPool(options: PoolOptions): Pool;
}

/**
 * Options of {@link rotatingMysqlPool}: those of mysql2's `createPool()`, without the login.
 *
 * `host` and `port` override the secret's: set them for a proxy, a tunnel or a reader.
 */
export interface RotatingMysqlPoolConfig
  extends Omit<PoolOptions, 'user' | 'uri' | 'password' | 'password1' | 'passwordSha1'> {
  /**
   * Time over which the pool closes the old user's sessions after the secret's user changes, in milliseconds. It closes
   * them one by one, each only while it is idle.
   *
   * @default 600_000
   */
  readonly retireMs?: number;
}

const NOT_TAKEN = ['user', 'uri', 'password', 'password1', 'passwordSha1'];
const RETIRE_MS = 600_000;
const CONNECT_MS = 10_000;

/**
 * Returns a mysql2 pool whose connections log in with the secret's current user and password.
 *
 * During a rotation they log in with AWSPENDING once the server refuses AWSCURRENT. In everything else, `.promise()`
 * included, it is an ordinary pool of mysql2.
 *
 * @example
 * ```ts
 * const pool = rotatingMysqlPool(mysql, rotatingSecret('app/db'), { connectionLimit: 20 }).promise();
 * ```
 * @throws TypeError if `config` has `user`, `password`, `password1`, `passwordSha1` or `uri`: mysql2 would use them instead
 * @throws TypeError if `mysql` is `mysql2/promise`
 */
export function rotatingMysqlPool(
  mysql: Mysql2,
  secret: RotatingSecret<unknown>,
  config: RotatingMysqlPoolConfig = {},
): Pool {
  const taken = NOT_TAKEN.find((name) => Object.hasOwn(config, name));
  if (taken) throw new TypeError(`remove ${taken}: the secret decides who logs in`);
  const { retireMs = RETIRE_MS, ...options } = config;
  const pool = mysql.createPool({ gracefulEnd: true, ...options });
  // That of mysql2/promise opens connections past ours: to localhost, without the secret.
  if (typeof pool.promise !== 'function') {
    throw new TypeError('pass mysql2, not mysql2/promise: the pool has promise()');
  }
  mustHaveLogin(secret);
  const inner = pool as unknown as Inner;
  const place = {};
  // In mysql2, 0 means no limit.
  const limitMs = options.connectTimeout === 0 ? undefined : (options.connectTimeout ?? CONNECT_MS);
  const ending = new AbortController();
  // Each waiting login adds a listener.
  setMaxListeners(0, ending.signal);
  const isPlaced = options.host !== undefined || options.socketPath !== undefined;
  const connect = inner.getConnection.bind(inner);
  const logins = new WeakMap<PoolConnection, SessionLogin>();
  const idle = new Set<PoolConnection>();

  function mustLogIn(): boolean {
    const { connectionLimit } = inner.config;
    const hasRoom = connectionLimit === 0 || inner._allConnections.length < connectionLimit;
    return !inner._closed && inner._freeConnections.length === 0 && hasRoom;
  }

  /** Opens a connection with a user and password of one version: mysql2 reads them from its configuration later. */
  function open(login: object): Promise<PoolConnection> {
    const { connectionConfig } = inner.config;
    return new Promise((resolve, reject) => {
      inner.config.connectionConfig = login;
      try {
        connect((error, connection) => (error ? reject(error) : resolve(connection)));
      } finally {
        inner.config.connectionConfig = connectionConfig;
      }
    });
  }

  function logIn(): Promise<PoolConnection> {
    return secret.logIn(
      async (value, { versionId }) => {
        const { username, password, host, port, dbname } = loginOf(secret.id, value);
        if (!mustLogIn()) throw LOGIN_NOT_MADE;
        const connection = await open(
          withLogin(inner.config.connectionConfig, password, {
            user: username,
            ...(!isPlaced && placeOf(host)),
            ...(options.port === undefined && port && { port }),
            ...(options.database === undefined && dbname && { database: dbname }),
          }),
        );
        logins.set(connection, { versionId, user: username });
        return connection;
      },
      { place, limitMs, signal: ending.signal },
    );
  }

  inner.getConnection = (callback) => {
    if (!mustLogIn()) {
      connect(callback);
      return;
    }
    logIn().then(
      (connection) => {
        const login = logins.get(connection);
        if (login) retirement.began(connection, login);
        // mysql2 does not report every end of a session, so listen to the socket.
        streamOf(connection).once('close', () => {
          idle.delete(connection);
          retirement.ended(connection);
        });
        process.nextTick(callback, null, connection);
      },
      (error) => {
        // A connection was released meanwhile, or the pool is full.
        if (isNotMade(error)) {
          inner.getConnection(callback);
          return;
        }
        process.nextTick(callback, error);
        // mysql2 serves its queue when a session ends, and here no session existed.
        const next = mustLogIn() ? inner._connectionQueue.shift() : undefined;
        if (next) inner.getConnection(next);
      },
    );
  };

  function end(connection: PoolConnection): void {
    idle.delete(connection);
    retirement.retires(connection);
    if (inner.config.connectionConfig.gracefulEnd) connection.end();
    else connection.destroy();
  }

  const retirement = new Retirement<PoolConnection>(secret, retireMs, (isDue) => {
    const old = [...idle].find(isDue);
    if (old) end(old);
  });
  pool.on('acquire', (connection) => idle.delete(connection));
  // mysql2 emits this only if no caller waits for a connection.
  pool.on('release', (connection) => {
    if (retirement.isDue(connection)) end(connection);
    else idle.add(connection);
  });
  const endPool = pool.end.bind(pool);
  pool.end = (callback) => {
    retirement.stop();
    endPool(callback);
    ending.abort(new Error('Pool is closed.'));
  };
  return pool;
}

/** As in the rotator: a host that begins with / is a Unix socket. */
function placeOf(host: string | undefined): object {
  if (host === undefined) return {};
  return host.startsWith('/') ? { socketPath: host } : { host };
}

function streamOf(connection: PoolConnection): EventEmitter {
  return (connection as unknown as { readonly stream: EventEmitter }).stream;
}

/** The members of mysql2's pool that its types lack. */
interface Inner {
  readonly config: { connectionConfig: { readonly gracefulEnd?: boolean }; readonly connectionLimit: number };
  readonly _allConnections: { readonly length: number };
  readonly _freeConnections: { readonly length: number };
  readonly _connectionQueue: { shift(): Callback | undefined };
  readonly _closed: boolean;
  getConnection(callback: Callback): void;
}

type Callback = (error: Error | null, connection: PoolConnection) => void;

/** Copies mysql2's connection configuration. The password is a getter that inspect() does not show, even with `getters`. */
function withLogin(config: object, password: string, fields: object): { readonly gracefulEnd?: boolean } {
  let held: unknown = password;
  const copy = Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config));
  Object.assign(copy, fields);
  Object.defineProperty(copy, inspect.custom, { value: () => ({ ...copy }) });
  return Object.defineProperty(copy, 'password', {
    configurable: true,
    enumerable: false,
    get: () => held,
    // mysql2 sets it when a server asks for a second factor.
    set: (next: unknown) => {
      held = next;
    },
  });
}
