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

/** How somebody logs in. */
export interface LogInOptions {
  /**
   * Where: a pool, a server. Refusals belong to a place: a replica that lags says nothing of its writer. @default the secret
   */
  readonly place?: object;
  /** Ends the wait for a version that is not refused. */
  readonly signal?: AbortSignal | undefined;
  /** How long all waits together may take; never longer than the secret's `windowMs`. */
  readonly limitMs?: number | undefined;
  /** Which errors are a refusal of the credential. @default those of pg, mysql2, and HTTP's 401, by code */
  readonly isRefusal?: ((error: unknown) => boolean) | undefined;
  /** For a pool, which opens a new connection for each login: then one is made, and what the caller has had so far counts. */
  readonly attempt?: Attempt | undefined;
}

/** What a place asks of its secret. */
export interface Source<T> {
  readonly id: string;
  /** Whether there may be another version than the one that is held: not of a pinned one. */
  readonly canSearch: boolean;
  windowMs(): number;
  /** What is known, if it need not be read first. */
  inMemory(): Known<ReadVersion<T>> | undefined;
  /** What is known: from memory, or read first. */
  known(signal: AbortSignal | undefined): Promise<Known<ReadVersion<T>>>;
  /** Grows with each `invalidate`. */
  readonly epoch: number;
  /**
   * Looks at AWSCURRENT, then, if that was refused, at AWSPENDING; at either at most once a second. Never rejects.
   *
   * @returns whether Secrets Manager has answered
   */
  lookFurther(isRefused: (versionId: string) => boolean): Promise<boolean>;
  /** When AWSCURRENT may be looked at again. */
  readonly mayLookInMs: number;
  /** Whom to tell what was read, as long as somebody wants to log in. */
  watch(place: Place<T>, isWanted: boolean): void;
  tell(event: Happening): void;
  /** A version was accepted by a service, and is in use. */
  uses(version: ReadVersion<T>): void;
}

/** Once a whole window has found nothing, callers are refused at once for so long; one probes at each back-off. */
const GAVE_UP_MS = 30_000;
/** The same, if Secrets Manager has not answered: so that those who queue behind one another do not wait a window each. */
const GAVE_UP_UNANSWERED_MS = 5000;
/** How long a caller who has no time waits for its one look. */
const ONE_LOOK_MS = 2000;
const MOST_WAITING = 1000;

/** Where versions are used: who may log in, who waits, and one search for all that wait. */
export class Place<T> {
  readonly #source: Source<T>;
  readonly #gate = new Gate<ReadVersion<T>>();
  readonly #wakers = new Set<() => void>();
  #callers = 0;
  #waiting = 0;
  readonly #search: Search;
  /** What all that is remembered here is about. */
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

  /** The version for somebody who does not wait. */
  preferred(known: Known<ReadVersion<T>>): ReadVersion<T> {
    return this.#gate.preferred(known);
  }

  /**
   * Logs in, at most three times, each time with a version that is not refused; with an `attempt` of the caller's, once.
   *
   * @throws what the last login failed with; who never got to log in gets what the place refused the others with
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
          // Rather the driver's own error than that there is no secret any more.
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

  /** Notes a refusal by somebody who logs in without us, and finds what they try next. */
  async next(refused: SecretVersion<T>, options: LogInOptions): Promise<ReadVersion<T> | undefined> {
    this.#refused({ version: refused, login: this.#gate.begin(refused) }, undefined);
    if (!this.#source.canSearch) return undefined;
    this.#enter();
    try {
      const turn = await this.#turn(this.#attempt(options), options.signal);
      options.signal?.throwIfAborted();
      // They do not tell how it ends: until they say otherwise, it is accepted.
      if (turn) this.#accepted(turn);
      return turn?.version;
    } finally {
      this.#leave();
    }
  }

  #attempt({ limitMs = Number.POSITIVE_INFINITY }: Pick<LogInOptions, 'limitMs'>): Attempt {
    return new Attempt(limitMs, this.#source.windowMs());
  }

  /** Something was read: those that wait look whether it is for them. */
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
    // So that the search ends, and leaves no timer.
    this.#wake();
  }

  /** Waits until there is a version to log in with, and begins the login. Nothing, if there is none in time. */
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

  /** For who has no time: one look, however Secrets Manager is. */
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

  /** What is known, from memory at once. What must be read first is waited for as long as the caller waits for anything. */
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

  /** @param savesMs how long the caller would rather wait than try again what was refused */
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
    // What was refused just now may have been replaced just now.
    if (!this.#isRefused(version.versionId)) this.#search.hurry();
    const isNews = this.#ended({ version, login }, 'refused');
    if (isNews) this.#source.tell({ type: 'refused', versionId: version.versionId });
  }

  #ended({ login }: Ended<T>, outcome: Outcome): boolean {
    const isNews = this.#gate.end(login, outcome);
    // A thousand who are refused together wake those that wait once.
    if (isNews) this.#wake();
    return isNews;
  }

  /** What a caller gets who found no version: the driver's own error, with what we know as its cause. */
  #refusal(attempt: Attempt, signal: AbortSignal | undefined): unknown {
    attempt.isOver = true;
    const own = attempt.refusal;
    if (signal?.aborted && !own) return signal.reason;
    const why = new SecretError(
      'ERR_SECRET_REFUSED',
      this.#source.id,
      `the service refused every version of ${this.#source.id} that may be used`,
      'find the version that works: the events of quarterturn:client name the ids; until then, do not remove AWSPENDING from ' +
        'any version: that version may be the only one that works',
    );
    const { error } = own ?? this.#lastRefusal ?? {};
    if (!isError(error)) return error ?? why;
    if (error.cause === undefined && Object.isExtensible(error)) {
      Object.defineProperty(error, 'cause', { value: why, configurable: true, writable: true });
    }
    return error;
  }

  /** Resolves when something has changed, after `ms`, or when the signal fires. */
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
      // A search is there for those that wait, and keeps no process alive by itself.
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
