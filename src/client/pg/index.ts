import { setMaxListeners } from 'node:events';
import type { Client, Pool, PoolClient, PoolConfig } from 'pg';
import { isError } from '../../errors.js';
import type { Attempt } from '../login/attempt.js';
import { loginOf } from '../pools/login.js';
import { Retirement } from '../pools/retirement.js';
import type { RotatingSecret } from '../secret.js';
import { inTime, since, unlessAborted } from '../wait.js';

/** What is needed of the package `pg`: `import pg from 'pg'`. */
export interface Pg {
  readonly Pool: typeof Pool;
  readonly Client: typeof Client;
}

/** As that of `new Pool()`, without what the secret says. `host` and `port` win over the secret's: a proxy, a tunnel, a reader. */
export interface RotatingPoolConfig
  extends Omit<PoolConfig, 'user' | 'password' | 'connectionString' | 'Client'> {
  /**
   * When the secret has another user, the sessions of the old one are ended one by one over so long, each when nobody uses it.
   * @default 600_000
   */
  readonly retireMs?: number;
}

const NOT_TAKEN = ['user', 'password', 'connectionString', 'Client'];
const RETIRE_MS = 600_000;

/**
 * Returns a pool whose connections log in with the secret's user and password of the moment. In all else it is pg's own.
 *
 * @example
 * ```ts
 * const pool = rotatingPool(pg, rotatingSecret('app/db'), { max: 20 });
 * ```
 * @throws TypeError for `user`, `password` or `connectionString`: pg would use them in place of the secret's
 */
export function rotatingPool(pg: Pg, secret: RotatingSecret<unknown>, config: RotatingPoolConfig = {}): Pool {
  const taken = NOT_TAKEN.find((name) => Object.hasOwn(config, name));
  if (taken) throw new TypeError(`remove ${taken}: the secret decides who logs in`);
  const { retireMs = RETIRE_MS, ...options } = config;
  const timeoutMs = options.connectionTimeoutMillis || undefined;
  const limitMs = timeoutMs && timeoutMs * SHARE;
  const ending = new AbortController();
  // One listener for each that waits to log in.
  setMaxListeners(0, ending.signal);
  /** What a login failed with for which no version was left: whoever gets it from the queue does not try again, either. */
  const last = new WeakSet<object>();
  const place = {};
  /** Those that nobody uses. */
  const idle = new Set<object>();
  /** Of whom pg's pool opens a connection for in this very tick. */
  let caller: Attempt | undefined;

  class RotatingClient extends pg.Client {
    override connect(): Promise<Client>;
    override connect(callback: LoggedIn): void;
    override connect(callback?: LoggedIn): Promise<Client> | undefined {
      const connected = this.#logIn(caller ?? secret.attempt({ limitMs }));
      caller = undefined;
      if (!callback) return connected;
      connected.then(
        () => process.nextTick(callback),
        (error) => process.nextTick(callback, error),
      );
      return undefined;
    }

    async #logIn(attempt: Attempt): Promise<Client> {
      const logIn = secret.logIn(
        async (value, { versionId }) => {
          const { username, password, host, port, dbname } = loginOf(secret.id, value);
          // In one tick: no user is tried with the password of another version.
          const fields = {
            user: username,
            ...(options.host === undefined && host && { host }),
            ...(options.port === undefined && port && { port }),
            ...(options.database === undefined && dbname && { database: dbname }),
          };
          const { connectionParameters } = this as unknown as { readonly connectionParameters: object };
          Object.assign(this, fields);
          Object.assign(connectionParameters, fields);
          hold(this, password);
          try {
            await super.connect();
          } finally {
            // A session that is open needs it no more, and inspect() does not find it there.
            hold(this, null);
            hold(connectionParameters, null);
          }
          return { versionId, user: username };
        },
        { place, attempt, signal: ending.signal },
      );
      const login = await logIn.catch((error) => {
        if (attempt.isOver && isError(error)) last.add(error);
        throw error;
      });
      retirement.began(this, login);
      this.once('end', () => {
        idle.delete(this);
        retirement.ended(this);
      });
      return this;
    }
  }

  class RotatingPool extends pg.Pool {
    override connect(): Promise<PoolClient>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<PoolClient> | undefined {
      const acquired = this.#acquire();
      if (!callback) return acquired;
      acquired.then(
        (client) => process.nextTick(callback, undefined, client, client.release),
        (error) => process.nextTick(callback, error, undefined, () => {}),
      );
      return undefined;
    }

    override end(): Promise<void>;
    override end(callback: () => void): void;
    override end(callback?: () => void): Promise<void> | undefined {
      retirement.stop();
      const ended = callback ? void super.end(callback) : super.end();
      ending.abort(new Error('Cannot use a pool after calling end on the pool'));
      return ended;
    }

    /** Ends one idle session that is due. pg hands out the youngest idle one, so all are taken for a tick, and given back. */
    endIdle(isDue: (session: object) => boolean): void {
      const count = this.idleCount;
      if (this.waitingCount > 0 || ![...idle].some(isDue)) return;
      const taken: PoolClient[] = [];
      for (let n = 0; n < count; n++) {
        super.connect((error, client) => {
          if (!error && client) taken.push(client);
          if (taken.length < count) return;
          const old = taken.find(isDue);
          if (old) retirement.retires(old);
          for (const one of taken) one.release(one === old);
        });
      }
    }

    async #acquire(): Promise<PoolClient> {
      const attempt = secret.attempt({ limitMs });
      const from = Date.now();
      let connected = this.#connectFor(attempt);
      for (;;) {
        try {
          return await connected;
        } catch (error) {
          if (!isError(error) || last.has(error) || !attempt.mayTryAgain(error)) throw error;
          const ms = (timeoutMs ?? Number.POSITIVE_INFINITY) - since(from);
          if (ms <= 0) throw error;
          connected = this.#connectFor(attempt, timeoutMs ? { ms, error } : undefined);
        }
      }
    }

    /** @param late ends a second wait with what the first one failed with: pg's own timer begins anew */
    async #connectFor(attempt: Attempt, late?: { ms: number; error: Error }): Promise<PoolClient> {
      caller = attempt;
      const connecting = super.connect();
      // No connection was opened for it in this tick. pg forgets those in its queue when a pool ends.
      const isQueued = caller !== undefined;
      caller = undefined;
      const connected = isQueued ? unlessAborted(connecting, ending.signal) : connecting;
      try {
        return await (late ? inTime(connected, late.ms, late.error) : connected);
      } catch (error) {
        connecting.then(
          (client) => client.release(),
          () => {},
        );
        throw error;
      }
    }
  }

  const pool = new RotatingPool({ ...options, Client: RotatingClient } as PoolConfig);
  const retirement = new Retirement<object>(secret, retireMs, (isDue) => pool.endIdle(isDue));
  pool.on('acquire', (client) => idle.delete(client));
  pool.on('release', (error, client) => {
    if (error) return;
    if (pool.waitingCount > 0 || !retirement.isDue(client)) {
      idle.add(client);
      return;
    }
    retirement.retires(client);
    // pg's pool finds that it is ending, and removes it.
    void client.end();
  });
  return pool;
}

/** Our wait ends before pg's own timer, which takes what has not connected yet for dead. */
const SHARE = 0.9;

/** As pg itself keeps it: where no loop over properties comes by. */
function hold(owner: object, password: string | null): void {
  Object.defineProperty(owner, 'password', {
    value: password,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

type LoggedIn = (error?: Error | null) => void;

type Connected = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (destroy?: Error | boolean) => void,
) => void;
