import type { Attempt } from './login/attempt.js';
import type { LogInOptions } from './login/place.js';
import type { SecretAnswer, SecretReader } from './reader.js';
import type { SecretVersion } from './version.js';

/** A secret of Secrets Manager, kept in memory and fresh: never on disk, never in the environment. */
export interface RotatingSecret<T> {
  readonly id: string;
  /**
   * The version to use now. The first call reads it; later ones answer from memory and do not wait, unless it is older than
   * `staleMs` or was invalidated. However many ask, one request is under way; the signal ends this wait, not the request.
   *
   * @throws SecretError if none could be read, or none that is younger than `staleMs`
   */
  get(options?: GetOptions): Promise<SecretVersion<T>>;
  /**
   * Logs in with the version to use now. If the service refuses it: with a newer AWSCURRENT; in a rotation, with an AWSPENDING
   * that differs in its rotated fields alone; or, after a bounded wait for either, once more. At most three times. Callers
   * that come meanwhile wait for the verdict in place of being refused themselves.
   *
   * @throws what the last login failed with
   */
  logIn<R>(work: (value: T, version: SecretVersion<T>) => Promise<R>, options?: LogInOptions): Promise<R>;
  /**
   * For whoever cannot use `logIn`: tells that a service has refused a version, and answers what to try next, as `logIn`
   * does; `undefined` if there is nothing. Until it is refused as well, it is what `get` gives for this place.
   */
  refused(version: SecretVersion<T>, options?: LogInOptions): Promise<SecretVersion<T> | undefined>;
  /** The time and the logins of one caller: see {@link LogInOptions.attempt}. */
  attempt(options?: Pick<LogInOptions, 'limitMs'>): Attempt;
  /** Looks again, and the next `get` waits for it: for an event "Secret Label Updated". Does nothing for an id that is held. */
  invalidate(versionId?: string): void;
  /** Calls the listener with each other version that comes into use. Returns what ends it. What it throws is an uncaught exception. */
  onChange(listener: (version: SecretVersion<T>) => void): () => void;
  /** Forgets the values, and looks no more. `using` does so too. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface GetOptions {
  readonly signal?: AbortSignal | undefined;
  /** See {@link LogInOptions.place}. */
  readonly place?: object | undefined;
  /** Waits for a look, unless the last one is younger. If it fails, what is held is given out. */
  readonly maxAgeMs?: number | undefined;
}

/** How `prefetch` reaches into a secret, of this copy of the package or another. */
export const MANY: unique symbol = Symbol.for('quarterturn.client.many') as never;

/** What `prefetch` knows of a secret. */
export interface OneOfMany {
  readonly client: SecretReader;
  /** Whether it is AWSCURRENT that is read, which is what BatchGetSecretValue answers. */
  readonly isCurrent: boolean;
  take(answer: SecretAnswer): void;
  fail(error: unknown): void;
}
