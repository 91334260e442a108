import type { Attempt } from './login/attempt.js';
import type { LogInOptions } from './login/place.js';
import type { SecretAnswer, SecretReader } from './reader.js';
import type { SecretVersion } from './version.js';

/**
 * A secret of Secrets Manager that stays fresh in memory, made by {@link rotatingSecret}.
 *
 * Its values are never written to disk or to the environment.
 */
export interface RotatingSecret<T> {
  /** Name or ARN, as given to {@link rotatingSecret}. */
  readonly id: string;
  /**
   * Returns the version to use now.
   *
   * The first call reads it. Later calls return it from memory without waiting, unless it is older than `staleMs` or
   * {@link RotatingSecret.invalidate} was called. However many callers wait, only one request runs.
   *
   * @throws {@link SecretError} if the secret could not be read and no version younger than `staleMs` is in memory
   */
  get(options?: GetOptions): Promise<SecretVersion<T>>;
  /**
   * Logs in with the version to use now, and with another version if the service refuses it.
   *
   * After a refusal it tries a newer AWSCURRENT, or an AWSPENDING that differs from AWSCURRENT in the rotated fields only. It
   * waits for either within `windowMs`, and calls `work` at most three times. Other callers wait for the outcome meanwhile,
   * so a refused version costs one login.
   *
   * @param work logs in with the value. It must do nothing else: it runs again after a refusal
   * @returns the result of `work`
   * @throws the error of the last login; if no version was left to try, its `cause` is a {@link SecretError}
   * @throws {@link SecretError} if the secret could not be read before the first login
   */
  logIn<R>(work: (value: T, version: SecretVersion<T>) => Promise<R>, options?: LogInOptions): Promise<R>;
  /**
   * Records that a service refused a version, and returns the version to try next.
   *
   * For drivers that cannot use {@link RotatingSecret.logIn}. Until the returned version is refused too,
   * {@link RotatingSecret.get} returns it for the same `place`.
   *
   * @returns undefined if no other version may be used
   */
  refused(version: SecretVersion<T>, options?: LogInOptions): Promise<SecretVersion<T> | undefined>;
  /** Returns a new attempt for {@link LogInOptions.attempt}: the time limit and logins of one caller. */
  attempt(options?: Pick<LogInOptions, 'limitMs'>): Attempt;
  /**
   * Reads the secret again, and makes the next {@link RotatingSecret.get} wait for the answer.
   *
   * For the event "Secret Label Updated". In a loop it reads about once per second.
   *
   * @param versionId id of the new version; if that version is already in memory, nothing happens
   */
  invalidate(versionId?: string): void;
  /**
   * Calls the listener with each new version that comes into use.
   *
   * An error that the listener throws becomes an uncaught exception.
   *
   * @returns a function that removes the listener
   */
  onChange(listener: (version: SecretVersion<T>) => void): () => void;
  /** Forgets the values and stops reading. */
  close(): void;
  /** Calls {@link RotatingSecret.close} at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** Options of {@link RotatingSecret.get}. */
export interface GetOptions {
  /** Ends this wait, not the request. */
  readonly signal?: AbortSignal | undefined;
  /** See {@link LogInOptions.place}. */
  readonly place?: object | undefined;
  /**
   * Age of the last read, in milliseconds, from which `get` reads again and waits. If that read fails, it returns the
   * version in memory.
   *
   * @default never waits for a newer read
   */
  readonly maxAgeMs?: number | undefined;
}

/** Key by which a pool finds the checks of a secret, also across two copies of this package. */
export const CHECKS: unique symbol = Symbol.for('quarterturn.client.checks') as never;

/** Returns what is wrong with a value, without quoting it; undefined if a pool can use it. */
export type Check = (secretId: string, value: unknown) => string | undefined;

/** Key by which `prefetch` finds the members below, also across two copies of this package. */
export const MANY: unique symbol = Symbol.for('quarterturn.client.many') as never;

/** The members of a secret that `prefetch` uses. */
export interface OneOfMany {
  readonly client: SecretReader;
  /** Whether it reads AWSCURRENT: BatchGetSecretValue reads nothing else. */
  readonly isCurrent: boolean;
  take(answer: SecretAnswer): void;
  fail(error: unknown): void;
}
