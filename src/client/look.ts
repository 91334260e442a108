import type { SecretAnswer } from './reader.js';
import { since, unlessAborted } from './wait.js';

/** Longest time for one read. */
const LONGEST_MS = 10_000;
/** Shortest time between two reads, however many callers wait. */
const AGAIN_MS = 1000;

interface Flight {
  readonly number: number;
  readonly at: number;
  readonly done: Promise<void>;
  /** Keeps the process alive while a caller waits, as a request would. */
  readonly timer: NodeJS.Timeout;
}

/**
 * Sends one request to Secrets Manager for all callers that wait for the answer.
 *
 * It drops an answer that arrives after a newer one. A request older than 10 s by the wall clock was frozen with its
 * process, so a second one starts beside it. Both answers count, in the order of the requests.
 */
export class Look {
  readonly #ask: (signal: AbortSignal) => Promise<SecretAnswer>;
  readonly #take: (answer: SecretAnswer, ms: number) => void;
  readonly #fail: (error: unknown) => void;
  readonly #stops = new Set<() => void>();
  #taken = 0;
  #flight: Flight | undefined;
  /** When the last read began. */
  at = 0;
  #begun = 0;
  /** Number of the newest read that has ended, successfully or not. */
  #ended = 0;
  /** Number of the first read after the last `invalidate`. */
  #validFrom = 0;
  /** The next read for callers of `valid`, and when the last of these began. */
  #next: Promise<void> | undefined;
  #nextAt = 0;
  #endPause = () => {};
  #isClosed = false;

  /** @param take may throw: then the read counts as failed */
  constructor(
    ask: (signal: AbortSignal) => Promise<SecretAnswer>,
    take: (answer: SecretAnswer, ms: number) => void,
    fail: (error: unknown) => void,
  ) {
    this.#ask = ask;
    this.#take = take;
    this.#fail = fail;
  }

  /** Reads, and resolves when the read has ended, successfully or not. */
  run(): Promise<void> {
    return this.#fly().done;
  }

  /** Like `run`, but does nothing if the last read has ended and began less than a second ago. */
  async again(): Promise<void> {
    if (this.isUnderWay || this.mayBeInMs === 0) await this.run();
  }

  get mayBeInMs(): number {
    return Math.max(0, AGAIN_MS - since(this.at));
  }

  /** Like `run`, but keeps the process alive. The signal ends the wait, not the read. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const { done, timer } = this.#fly();
    timer.ref();
    return unlessAborted(done, signal);
  }

  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** Marks everything read so far as out of date, and reads again: the first time at once, then at most about once per second. */
  invalidate(): void {
    this.#validFrom = this.#begun + 1;
    void this.valid(undefined);
  }

  get isValid(): boolean {
    return this.#ended >= this.#validFrom;
  }

  /** Waits until a read that began after the last `invalidate` has ended, or until any read has failed. */
  async valid(signal: AbortSignal | undefined): Promise<void> {
    const number = this.#validFrom;
    while (this.#ended < number && !this.isValid && !this.#isClosed) {
      this.#next ??= this.#runNext().finally(() => {
        this.#next = undefined;
      });
      await unlessAborted(this.#next, signal);
    }
  }

  async #runNext(): Promise<void> {
    if (!this.isUnderWay) {
      const tooSoonMs = AGAIN_MS - since(this.#nextAt);
      if (tooSoonMs > 0) await this.#pause(tooSoonMs);
      if (this.#isClosed) return;
      this.#nextAt = Date.now();
    }
    // A read in progress may be older than `invalidate`, but two never run at once.
    await this.wait(undefined);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Takes an answer or an error from elsewhere (`prefetch`). */
  end(outcome: { readonly answer: SecretAnswer } | { readonly error: unknown }): void {
    const number = ++this.#begun;
    this.at = Date.now();
    this.#settle(number, () => {
      if ('error' in outcome) throw outcome.error;
      this.#take(outcome.answer, 0);
    });
  }

  /** Ends the reads in progress. Later answers are dropped. */
  close(): void {
    this.#isClosed = true;
    this.#endPause();
    for (const stop of this.#stops) stop();
  }

  #fly(): Flight {
    if (this.#flight && since(this.#flight.at) < LONGEST_MS) return this.#flight;
    const number = ++this.#begun;
    const at = Date.now();
    this.at = at;
    const abort = new AbortController();
    let stop = () => {};
    // Not only by the signal: a client may ignore it and never answer.
    const stopped = new Promise<never>((_, reject) => {
      stop = () => {
        reject(Object.assign(new Error(), { name: 'TimeoutError' }));
        abort.abort();
      };
    });
    const timer = setTimeout(stop, LONGEST_MS);
    timer.unref();
    this.#stops.add(stop);
    const done = this.#answer(number, at, Promise.race([this.#asked(abort.signal), stopped])).finally(() => {
      clearTimeout(timer);
      this.#stops.delete(stop);
      if (this.#flight?.number === number) this.#flight = undefined;
    });
    this.#flight = { number, at, done, timer };
    return this.#flight;
  }

  async #asked(signal: AbortSignal): Promise<SecretAnswer> {
    return this.#ask(signal);
  }

  async #answer(number: number, at: number, answered: Promise<SecretAnswer>): Promise<void> {
    try {
      const answer = await answered;
      this.#settle(number, () => this.#take(answer, Math.max(0, Date.now() - at)));
    } catch (error) {
      this.#settle(number, () => {
        throw error;
      });
    }
  }

  #settle(number: number, take: () => void): void {
    this.#ended = Math.max(this.#ended, number);
    // A later read has been taken already.
    if (number <= this.#taken || this.#isClosed) return;
    try {
      take();
      this.#taken = number;
    } catch (error) {
      // Callers must not wait for more reads while Secrets Manager does not answer.
      this.#validFrom = 0;
      this.#fail(error);
    }
  }
}
