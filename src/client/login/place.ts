import { isError } from '../../errors.js';
import type { Happening } from '../events.js';
import { isLoginRefused } from '../failures.js';
import { SecretError } from '../secret-error.js';
import type { ReadVersion, SecretVersion } from '../version.js';
import { inTime, since, unlessAborted } from '../wait.js';
import { Attempt } from './attempt.js';
import { type Decision, Gate, type Known, type Login, type Outcome } from './gate.js';
import { isNotMade } from './not-made.js';
import { Search } from './search.js';

/** Options of {@link RotatingSecret.logIn} and {@link withSecret}. */
export interface LogInOptions {
  /**
   * Identifies the pool or server that the login is for. A refusal counts only for its place, because a lagging replica
   * tells nothing about its writer.
   *
   * @default the secret itself: one place for all logins
   */
  readonly place?: object;
  /** Ends the wait for a version that the service accepts. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Longest total wait, in milliseconds. The secret's `windowMs` caps it.
   *
   * @default no limit except `windowMs`
   */
  readonly limitMs?: number | undefined;
  /**
   * Returns whether an error means that the service refused the credential.
   *
   * @default {@link isLoginRefused}
   */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
  /** The caller's attempt so far, for a pool that opens a new connection for each login. Then `logIn` logs in once. */
  readonly attempt?: Attempt | undefined;
}

/** The secret, as a place uses it. */
export interface Source<T> {
  readonly id: string;
  /** Whether another version may exist; false for a pinned version. */
  readonly canSearch: boolean;
  windowMs(): number;
  /** The known versions; undefined if the secret must be read first. */
  inMemory(): Known<ReadVersion<T>> | undefined;
  /** The known versions, read first if necessary. */
  known(signal: AbortSignal | undefined): Promise<Known<ReadVersion<T>>>;
  /** Increases with each `invalidate`. */
  readonly epoch: number;
  /**
   * Reads AWSCURRENT and, if that was refused, AWSPENDING: each at most once per second. Never rejects.
   *
   * @returns whether Secrets Manager answered
   */
  lookFurther(isRefused: (versionId: string) => boolean): Promise<boolean>;
  /** Time until AWSCURRENT may be read again, in milliseconds. */
  readonly mayLookInMs: number;
  /** Adds or removes a place that is notified of reads. */
  watch(place: Place<T>, isWanted: boolean): void;
  tell(event: Happening): void;
  /** Records that a service accepted a version. */
  uses(version: ReadVersion<T>): void;
}

/** After a full window without success, callers fail at once for this long. One caller probes at each back-off. */
const GAVE_UP_MS = 30_000;
/** The same if Secrets Manager did not answer: queued callers must not wait a full window each. */
const GAVE_UP_UNANSWERED_MS = 5000;
/** How long a caller without time waits for its one read. */
const ONE_LOOK_MS = 2000;
const MOST_WAITING = 1000;

/** A pool or service that versions are used in: it lets callers log in or wait, and runs one search for all that wait. */
export class Place<T> {
  readonly #source: Source<T>;
  readonly #gate = new Gate<ReadVersion<T>>();
  readonly #wakers = new Set<() => void>();
  #callers = 0;
  #waiting = 0;
  readonly #search: Search;
  /** The state that `#gaveUp` and the search belong to. */
  #subject = { epoch: 0, versionId: '' };
  #gaveUp: { readonly at: number; readonly ms: number } | undefined;
  #lastRefusal: { readonly error: unknown } | undefined;

  constructor(source: Source<T>) {
    this.#source = source;
    this.#search = new Search({
      isWanted: async () => this.#callers > 0 && !this.#gate.isOpen(await this.#known()),
      look: async () => {
        const hasAnswer = await source.lookFurther(this.#isRefused);
        this.#wake();
        return hasAnswer;
      },
      get mayLookInMs() {
        return source.mayLookInMs;
      },
      get windowMs() {
        return source.windowMs();
      },
      change: (ms) => this.#change(ms),
      isExhausted: () => {
        const known = source.inMemory();
        return known !== undefined && this.#gate.isExhausted(known);
      },
      foundNothing: (hasAnswer) => this.#giveUp(hasAnswer),
    });
  }

  /** The version for a caller that does not wait. */
  preferred(known: Known<ReadVersion<T>>): ReadVersion<T> {
    return this.#gate.preferred(known);
  }

  /**
   * Logs in with a version that is not refused: at most three times, or once with an `attempt` of the caller.
   *
   * @throws the error of the last login; a caller that never logged in gets the last refusal of this place
   */
  async logIn<R>(
    work: (value: T, version: SecretVersion<T>) => Promise<R>,
    options: LogInOptions,
  ): Promise<R> {
    const { isRefusal = isLoginRefused, signal } = options;
    const attempt = options.attempt ?? this.#attempt(options);
    this.#enter();
    try {
      for (;;) {
        const turn = await this.#turn(attempt, signal).catch((error) => {
          // Prefer the driver's error to the read's.
          throw attempt.refusal ? attempt.refusal.error : error;
        });
        if (!turn) throw this.#refusal(attempt, signal);
        try {
          const result = await work(turn.version.value, turn.version);
          this.#accepted(turn);
          return result;
        } catch (error) {
          if (isNotMade(error)) {
            if (this.#gate.withdraw(turn.login)) this.#wake();
            throw error;
          }
          const isRefused = isRefusal(error);
          if (isRefused) this.#refused(turn, error);
          else this.#ended(turn, 'unclear');
          if (!isRefused || !attempt.wasRefused(error) || options.attempt) throw error;
        }
      }
    } finally {
      this.#leave();
    }
  }

  /** Records a refusal from a caller that logs in by itself. Returns the version to try next. */
  async next(refused: SecretVersion<T>, options: LogInOptions): Promise<ReadVersion<T> | undefined> {
    this.#refused({ version: refused, login: this.#gate.begin(refused) }, undefined);
    if (!this.#source.canSearch) return undefined;
    this.#enter();
    try {
      const turn = await this.#turn(this.#attempt(options), options.signal);
      options.signal?.throwIfAborted();
      // The caller does not report success: treat it as accepted until it reports a refusal.
      if (turn) this.#accepted(turn);
      return turn?.version;
    } finally {
      this.#leave();
    }
  }

  #attempt({ limitMs = Number.POSITIVE_INFINITY }: Pick<LogInOptions, 'limitMs'>): Attempt {
    return new Attempt(limitMs, this.#source.windowMs());
  }

  /** The secret was read: waiting callers decide again. */
  news(): void {
    this.#wake();
  }

  readonly #isRefused = (versionId: string): boolean => this.#gate.is(versionId) === 'refused';

  #enter(): void {
    if (++this.#callers === 1) this.#source.watch(this, true);
  }

  #leave(): void {
    if (--this.#callers > 0) return;
    this.#source.watch(this, false);
    // Ends the search and its timer.
    this.#wake();
  }

  /** Waits for a version and begins the login. Returns undefined if no version comes in time. */
  async #turn(attempt: Attempt, signal: AbortSignal | undefined): Promise<Turn<T> | undefined> {
    for (let hasLooked = false; ; ) {
      if (signal?.aborted) return undefined;
      const known = await this.#known(attempt, signal);
      const decision = this.#decide(known, attempt.savesMs(known.at));
      if (decision.next === 'log-in') {
        return { version: decision.version, login: this.#gate.begin(decision.version) };
      }
      const untried = decision.next === 'wait' ? decision.version : undefined;
      if (untried && attempt.leftMs <= 0) return { version: untried, login: this.#gate.begin(untried) };
      if (!untried) {
        if (!this.#source.canSearch || this.#hasGivenUp()) return undefined;
        if (attempt.ms <= 0 && !hasLooked) {
          hasLooked = true;
          await this.#lookOnce(signal);
          continue;
        }
        if (attempt.leftMs <= 0 || this.#waiting >= MOST_WAITING) return undefined;
      }
      if (decision.next === 'search') void this.#search.run();
      this.#waiting++;
      await this.#change(Math.max(1, Math.min(attempt.leftMs, decision.ms)), { signal });
      this.#waiting--;
    }
  }

  /** One read for a caller without time. */
  async #lookOnce(signal: AbortSignal | undefined): Promise<void> {
    const look = inTime(this.#source.lookFurther(this.#isRefused), ONE_LOOK_MS, new Error());
    await unlessAborted(
      look.then(
        () => {},
        () => {},
      ),
      signal,
    );
  }

  /** The known versions, at once if in memory. Else it waits for the first read, within the caller's time. */
  async #known(attempt?: Attempt, signal?: AbortSignal): Promise<Known<ReadVersion<T>>> {
    const known = this.#source.inMemory();
    if (known) return known;
    const read = this.#source.known(signal);
    if (!attempt) return read;
    const late = new SecretError(
      'ERR_SECRET_UNAVAILABLE',
      this.#source.id,
      `could not read ${this.#source.id} in time`,
    );
    return inTime(read, attempt.readMs, late);
  }

  /** @param savesMs how long the caller waits rather than use its last login for a refused version, in milliseconds */
  #decide(known: Known<ReadVersion<T>>, savesMs: number): Decision<ReadVersion<T>> {
    const { epoch } = this.#source;
    const { versionId } = known.current;
    if (epoch !== this.#subject.epoch) this.#gate.tryAgain();
    if (epoch !== this.#subject.epoch || versionId !== this.#subject.versionId) {
      this.#subject = { epoch, versionId };
      this.#gaveUp = undefined;
      this.#search.reset();
    }
    const decision = this.#gate.decide(known);
    const isSaved = decision.next === 'log-in' && savesMs > 0 && this.#isRefused(decision.version.versionId);
    return isSaved ? { next: 'search', ms: savesMs } : decision;
  }

  #giveUp(hasAnswer: boolean): void {
    this.#gaveUp = { at: Date.now(), ms: hasAnswer ? GAVE_UP_MS : GAVE_UP_UNANSWERED_MS };
    this.#source.tell({ type: 'gave-up', versionId: this.#subject.versionId });
    this.#wake();
  }

  #hasGivenUp(): boolean {
    return this.#gaveUp !== undefined && since(this.#gaveUp.at) < this.#gaveUp.ms;
  }

  #accepted(turn: Turn<T>): void {
    this.#gaveUp = undefined;
    this.#search.reset();
    this.#ended(turn, 'accepted');
    if (this.#gate.is(turn.version.versionId) === 'accepted') this.#source.uses(turn.version);
  }

  #refused({ version, login }: Ended<T>, error: unknown): void {
    this.#lastRefusal = { error };
    // A version that is refused now may have been replaced just now.
    if (!this.#isRefused(version.versionId)) this.#search.hurry();
    const isNews = this.#ended({ version, login }, 'refused');
    if (isNews) this.#source.tell({ type: 'refused', versionId: version.versionId });
  }

  #ended({ login }: Ended<T>, outcome: Outcome): boolean {
    const isNews = this.#gate.end(login, outcome);
    // A thousand simultaneous refusals wake the others once.
    if (isNews) this.#wake();
    return isNews;
  }

  /** The error for a caller that found no version: the driver's own, with our SecretError as its `cause`. */
  #refusal(attempt: Attempt, signal: AbortSignal | undefined): unknown {
    attempt.isOver = true;
    const own = attempt.refusal;
    if (signal?.aborted && !own) return signal.reason;
    const why = new SecretError(
      'ERR_SECRET_REFUSED',
      this.#source.id,
      `the service refused every version of ${this.#source.id} that may be used`,
      'find the version that works: the events of quarterturn:client name the ids; ' +
        'until then, do not remove AWSPENDING from any version: that version may be the only one that works',
    );
    const { error } = own ?? this.#lastRefusal ?? {};
    if (!isError(error)) return error ?? why;
    if (error.cause === undefined && Object.isExtensible(error)) {
      Object.defineProperty(error, 'cause', { value: why, configurable: true, writable: true });
    }
    return error;
  }

  /** Resolves at the next change, after `ms`, or when the signal fires. */
  #change(ms: number, waits?: { readonly signal: AbortSignal | undefined }): Promise<void> {
    const signal = waits?.signal;
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.#wakers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      // The search alone does not keep the process alive.
      if (!waits) timer.unref();
      signal?.addEventListener('abort', done, { once: true });
      this.#wakers.add(done);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake();
  }
}

interface Ended<T> {
  readonly version: SecretVersion<T>;
  readonly login: Login;
}

interface Turn<T> extends Ended<T> {
  readonly version: ReadVersion<T>;
}
