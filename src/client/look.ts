import type { SecretAnswer } from './reader.js';
import { since, unlessAborted } from './wait.js';

/** A look that has not been answered after so long is given up. */
const LONGEST_MS = 10_000;
/** Nothing is asked more often than once in so long, however many wait. */
const AGAIN_MS = 1000;

interface Flight {
  readonly number: number;
  readonly at: number;
  readonly done: Promise<void>;
  /** Keeps the process alive while somebody waits for it, as a request would. */
  readonly timer: NodeJS.Timeout;
}

/**
 * One question to Secrets Manager, asked once however many wait for the answer. An answer that comes after a newer one was
 * taken is dropped. A look that is older than 10 s by the wall clock has been frozen with its process, and a new one begins
 * beside it: whichever answers is taken, in the order in which they were asked.
 */
export class Look {
  readonly #ask: (signal: AbortSignal) => Promise<SecretAnswer>;
  readonly #take: (answer: SecretAnswer, ms: number) => void;
  readonly #fail: (error: unknown) => void;
  readonly #stops = new Set<() => void>();
  #taken = 0;
  #flight: Flight | undefined;
  /** When the last one began. */
  at = 0;
  #begun = 0;
  /** The newest that is over, whether it was answered or has failed. */
  #ended = 0;
  /** The first that began after the last `invalidate`. */
  #validFrom = 0;
  /** The next one for whoever waits for such a look, and when the last of these began. */
  #next: Promise<void> | undefined;
  #nextAt = 0;
  #endPause = () => {};
  #isClosed = false;

  /** @param take may throw: then the look has failed */
  constructor(
    ask: (signal: AbortSignal) => Promise<SecretAnswer>,
    take: (answer: SecretAnswer, ms: number) => void,
    fail: (error: unknown) => void,
  ) {
    this.#ask = ask;
    this.#take = take;
    this.#fail = fail;
  }

  /** Resolves when the look is over, whether it was answered or has failed. */
  run(): Promise<void> {
    return this.#fly().done;
  }

  /** The same, unless the last one is over and began less than a second ago. */
  async again(): Promise<void> {
    if (this.isUnderWay || this.mayBeInMs === 0) await this.run();
  }

  get mayBeInMs(): number {
    return Math.max(0, AGAIN_MS - since(this.at));
  }

  /** The same for somebody who waits: until then the process goes on, and the signal ends the wait. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const { done, timer } = this.#fly();
    timer.ref();
    return unlessAborted(done, signal);
  }

  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** What was read so far is out of date. Looks at once; then, however often it is called, about once a second. */
  invalidate(): void {
    this.#validFrom = this.#begun + 1;
    void this.valid(undefined);
  }

  get isValid(): boolean {
    return this.#ended >= this.#validFrom;
  }

  /** Waits until a look is over that began after the last `invalidate` so far, or until one has failed. */
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
    // What is under way may have begun before: there are no two at once.
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

  /** Takes an answer, or a failure, that came another way. */
  end(outcome: { readonly answer: SecretAnswer } | { readonly error: unknown }): void {
    const number = ++this.#begun;
    this.at = Date.now();
    this.#settle(number, () => {
      if ('error' in outcome) throw outcome.error;
      this.#take(outcome.answer, 0);
    });
  }

  /** Ends those that are under way: nothing is taken any more. */
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
    // By a timer, too: a client without time limits would keep those waiting who wait.
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
    // A later one knows better.
    if (number <= this.#taken || this.#isClosed) return;
    try {
      take();
      this.#taken = number;
    } catch (error) {
      // Nobody waits for another one while Secrets Manager is away.
      this.#validFrom = 0;
      this.#fail(error);
    }
  }
}
