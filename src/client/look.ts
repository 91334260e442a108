import type { SecretAnswer } from './reader.js';
import { since } from './wait.js';

/** A look that has not been answered after so long is given up. */
const LONGEST_MS = 10_000;

/**
 * One question to Secrets Manager, asked once however many wait for the answer. An answer that comes after a newer one was
 * taken is dropped. A look that is older than 10 s by the wall clock has been frozen with its process, and a new one begins
 * beside it: whichever answers is taken, in the order in which they were asked.
 */
export class Look {
  readonly #ask: (signal: AbortSignal) => Promise<SecretAnswer>;
  readonly #take: (answer: SecretAnswer, ms: number) => void;
  readonly #fail: (error: unknown) => void;
  #number = 0;
  #taken = 0;
  #flight: { readonly number: number; readonly at: number; readonly done: Promise<void> } | undefined;
  /** When the last one began. */
  at = 0;

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
    if (this.#flight && since(this.#flight.at) < LONGEST_MS) return this.#flight.done;
    const number = ++this.#number;
    const at = Date.now();
    this.at = at;
    const done = this.#fly(number, at).finally(() => {
      if (this.#flight?.number === number) this.#flight = undefined;
    });
    this.#flight = { number, at, done };
    return done;
  }

  get isUnderWay(): boolean {
    return this.#flight !== undefined;
  }

  /** Takes an answer, or a failure, that came another way. */
  end(outcome: { readonly answer: SecretAnswer } | { readonly error: unknown }): void {
    const number = ++this.#number;
    this.at = Date.now();
    this.#settle(number, () => {
      if ('error' in outcome) throw outcome.error;
      this.#take(outcome.answer, 0);
    });
  }

  async #fly(number: number, at: number): Promise<void> {
    const abort = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    // By a timer, too: a client without time limits would keep those waiting who wait.
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(Object.assign(new Error(), { name: 'TimeoutError' }));
        abort.abort();
      }, LONGEST_MS);
    });
    try {
      const answer = await Promise.race([this.#ask(abort.signal), tooLong]);
      this.#settle(number, () => this.#take(answer, Math.max(0, Date.now() - at)));
    } catch (error) {
      this.#settle(number, () => {
        throw error;
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #settle(number: number, take: () => void): void {
    // A later one knows better.
    if (number <= this.#taken) return;
    try {
      take();
      this.#taken = number;
    } catch (error) {
      this.#fail(error);
    }
  }
}
