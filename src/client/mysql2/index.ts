import { type EventEmitter, setMaxListeners } from 'node:events';
import { inspect } from 'node:util';
import type { Pool, PoolConnection, PoolOptions } from 'mysql2';
import { isNotMade, LOGIN_NOT_MADE } from '../login/not-made.js';
import { loginOf } from '../pools/login.js';
import { Retirement, type SessionLogin } from '../pools/retirement.js';
import type { RotatingSecret } from '../secret.js';

/** What is needed of the package `mysql2`: `import mysql from 'mysql2'`. */
export interface Mysql2 {
  createPool(options: PoolOptions): Pool;
}

/** As that of `createPool()`, without what the secret says. `host` and `port` win over the secret's: a proxy, a tunnel, a reader. */
export interface RotatingMysqlPoolConfig
  extends Omit<PoolOptions, 'user' | 'uri' | 'password' | 'password1' | 'passwordSha1'> {
  /**
   * When the secret has another user, the sessions of the old one are ended one by one over so long, each when nobody uses it.
   * @default 600_000
   */
  readonly retireMs?: number;
}

const NOT_TAKEN = ['user', 'uri', 'password', 'password1', 'passwordSha1'];
const RETIRE_MS = 600_000;
const CONNECT_MS = 10_000;

/**
 * Returns a pool whose connections log in with the secret's user and password of the moment; `.promise()` is its other face.
 * In all else it is mysql2's own.
 *
 * @example
 * ```ts
 * const pool = rotatingMysqlPool(mysql, rotatingSecret('app/db'), { connectionLimit: 20 }).promise();
 * ```
 * @throws TypeError for `user`, `password` or `uri`: mysql2 would use them in place of the secret's
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
  const inner = pool as unknown as Inner;
  const place = {};
  // mysql2 takes 0 for no limit.
  const limitMs = options.connectTimeout === 0 ? undefined : (options.connectTimeout ?? CONNECT_MS);
  const ending = new AbortController();
  // One listener for each that waits to log in.
  setMaxListeners(0, ending.signal);
  const isPlaced = options.host !== undefined || options.socketPath !== undefined;
  const connect = inner.getConnection.bind(inner);
  const logins = new WeakMap<PoolConnection, SessionLogin>();
  /** Those that nobody uses. */
  const idle = new Set<PoolConnection>();

  function mustLogIn(): boolean {
    const { connectionLimit } = inner.config;
    const hasRoom = connectionLimit === 0 || inner._allConnections.length < connectionLimit;
    return !inner._closed && inner._freeConnections.length === 0 && hasRoom;
  }

  /** Opens a connection with a pair that stays together: mysql2 reads the user and the password of its own configuration later. */
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
        // mysql2 does not tell of each end; the socket does.
        streamOf(connection).once('close', () => {
          idle.delete(connection);
          retirement.ended(connection);
        });
        process.nextTick(callback, null, connection);
      },
      (error) => {
        // Somebody has given a connection back meanwhile, or others have opened as many as there may be.
        if (isNotMade(error)) {
          inner.getConnection(callback);
          return;
        }
        process.nextTick(callback, error);
        // mysql2 lets one of those that wait go on for each session that ends. Here there was no session to end.
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
  // Told only if nobody waits for one.
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

/** As the rotator has it: a host that is a path is a Unix socket. */
function placeOf(host: string | undefined): object {
  if (host === undefined) return {};
  return host.startsWith('/') ? { socketPath: host } : { host };
}

function streamOf(connection: PoolConnection): EventEmitter {
  return (connection as unknown as { readonly stream: EventEmitter }).stream;
}

/** What of mysql2's pool is not in its types. */
interface Inner {
  readonly config: { connectionConfig: { readonly gracefulEnd?: boolean }; readonly connectionLimit: number };
  readonly _allConnections: { readonly length: number };
  readonly _freeConnections: { readonly length: number };
  readonly _connectionQueue: { shift(): Callback | undefined };
  readonly _closed: boolean;
  getConnection(callback: Callback): void;
}

type Callback = (error: Error | null, connection: PoolConnection) => void;

/** A copy of mysql2's configuration of a connection. Its password is a getter, and inspect() shows neither, even if it asks getters. */
function withLogin(config: object, password: string, fields: object): { readonly gracefulEnd?: boolean } {
  let held: unknown = password;
  const copy = Object.create(Object.getPrototypeOf(config), Object.getOwnPropertyDescriptors(config));
  Object.assign(copy, fields);
  Object.defineProperty(copy, inspect.custom, { value: () => ({ ...copy }) });
  return Object.defineProperty(copy, 'password', {
    configurable: true,
    enumerable: false,
    get: () => held,
    // mysql2 sets it where a server asks for a second factor.
    set: (next: unknown) => {
      held = next;
    },
  });
}
