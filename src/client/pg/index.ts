import { setMaxListeners } from 'node:events';
import type { Client, Pool, PoolClient, PoolConfig } from 'pg';
import { isError } from '../../errors.js';
import type { Attempt } from '../login/attempt.js';
import { loginOf, mustHaveLogin } from '../pools/login.js';
import { Retirement } from '../pools/retirement.js';
import type { RotatingSecret } from '../secret.js';
import { inTime, since, unlessAborted } from '../wait.js';

/** The part of the package `pg` that {@link rotatingPool} uses: pass the default import. */
export interface Pg {
  /** Class that the returned pool extends. */
  readonly Pool: typeof Pool;
  /** Class that the pool's clients extend. */
  readonly Client: typeof Client;
}

/**
 * Options of {@link rotatingPool}: those of `new Pool()` of pg, without the login.
 *
 * `host` and `port` override the secret's: set them for a proxy, a tunnel or a reader.
 */
export interface RotatingPoolConfig
  extends Omit<PoolConfig, 'user' | 'password' | 'connectionString' | 'Client'> {
  /**
   * Time over which the pool closes the old user's sessions after the secret's user changes, in milliseconds. It closes
   * them one by one, each only while it is idle.
   *
   * @default 600_000
   */
  readonly retireMs?: number;
}

const NOT_TAKEN = ['user', 'password', 'connectionString', 'Client'];
const RETIRE_MS = 600_000;

/**
 * Returns a pg `Pool` whose connections log in with the secret's current user and password.
 *
 * During a rotation they log in with AWSPENDING once the server refuses AWSCURRENT. In everything else it is an
 * ordinary pool of pg.
 *
 * @example
 * ```ts
 * const pool = rotatingPool(pg, rotatingSecret('app/db'), { max: 20 });
 * ```
 * @throws TypeError if `config` has `user`, `password`, `connectionString` or `Client`: pg would use them instead
 */
export function rotatingPool(pg: Pg, secret: RotatingSecret<unknown>, config: RotatingPoolConfig = {}): Pool {
  const taken = NOT_TAKEN.find((name) => Object.hasOwn(config, name));
  if (taken) throw new TypeError(`remove ${taken}: the secret decides who logs in`);
  mustHaveLogin(secret);
  const { retireMs = RETIRE_MS, ...options } = config;
  const timeoutMs = options.connectionTimeoutMillis || undefined;
  const limitMs = timeoutMs && timeoutMs * SHARE;
  const ending = new AbortController();
  // Each waiting login adds a listener.
  setMaxListeners(0, ending.signal);
  /** Errors of logins without a version left to try: queued callers that receive one do not retry either. */
  const last = new WeakSet<object>();
  const place = {};
  const idle = new Set<object>();
  /** The attempt of the caller for which the pool opens a connection in this tick. */
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
          // In one tick, so that user and password are of the same version.
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
            // An open session no longer needs it, and inspect() must not show it.
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

    /** Ends one idle session that is due. pg hands out the newest idle one, so this takes all of them for one tick. */
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

    /** @param late ends a second wait with the first error, because pg restarts its own timer */
    async #connectFor(attempt: Attempt, late?: { ms: number; error: Error }): Promise<PoolClient> {
      caller = attempt;
      const connecting = super.connect();
      // pg opened no connection in this tick. It forgets its queue when the pool ends.
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
    // Then the pool removes it.
    void client.end();
  });
  return pool;
}

/** Our wait must end before the timer of pg, which treats an unfinished connection as dead. */
const SHARE = 0.9;

/** Like pg, keeps the password out of every loop over properties. */
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
