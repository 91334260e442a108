import { isError, RotationError } from '../errors.js';
import { throttleHint } from '../network/throttles.js';

/** The part of Lambda's context that is used here. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** How long a step may take where no Lambda says so: at a desk, in a test. */
const DEFAULT_MS = 60_000;
/** The longest that Lambda gives. */
const MAX_MS = 900_000;
/** The signal fires this long before the end, so that what waits can still say what it waited for. */
const MARGIN_MS = 1000;

/** The time that is left for one step. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #expired: Promise<never>;
  readonly #startedAt = performance.now();
  readonly #ms: number;
  readonly #endMs: number;

  constructor(lambda: LambdaContext | undefined) {
    const left = Math.min(lambda?.getRemainingTimeInMillis?.() ?? DEFAULT_MS, MAX_MS);
    const margin = Math.min(MARGIN_MS, left / 4);
    this.#endMs = left;
    this.#ms = left - margin;
    let expire: (reason: unknown) => void = () => {};
    this.#expired = new Promise((_, reject) => {
      expire = reject;
    });
    // Nobody may be waiting when it expires.
    this.#expired.catch(() => {});
    this.#timers = [
      setTimeout(() => this.#controller.abort(), this.#ms),
      setTimeout(
        () => {
          // In a busy process this timer may come first, and nobody else would stop what is being waited for.
          this.#controller.abort();
          expire(EXPIRED);
        },
        left - margin / 2,
      ),
    ];
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Milliseconds since the step began. */
  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /**
   * Milliseconds for taking secrets out of an error or a text: half of what Lambda leaves, so that there is time for the
   * log, within what the largest secret and an ordinary one need in a busy process.
   */
  get redactionMs(): number {
    return Math.min(2000, Math.max(250, (this.#endMs - this.elapsedMs) / 2));
  }

  /** Milliseconds until the signal fires. */
  get leftMs(): number {
    return this.#ms - this.elapsedMs;
  }

  /**
   * Does `work`, unless the time is up, and waits for it no longer than the deadline, even if it ignores the signal.
   *
   * @throws RotationError `ERR_DEADLINE`, which says what was being waited for
   */
  async during<T>(what: string, likelyCause: string, work: () => T | Promise<T>): Promise<T> {
    const before = this.elapsedMs;
    try {
      this.signal.throwIfAborted();
      return await Promise.race([work(), this.#expired]);
    } catch (error) {
      if (error !== EXPIRED && !(this.signal.aborted && isAbort(error))) throw error;
      const waited = this.elapsedMs - before;
      throw new RotationError(
        'ERR_DEADLINE',
        `the time was up after ${waited} ms of waiting for ${what}, ${this.elapsedMs} ms after the step began`,
        { hint: throttleHint(error) ?? (waited * 2 > this.elapsedMs ? likelyCause : TOO_SHORT) },
      );
    }
  }

  async sleep(ms: number, why: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = () =>
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      });
    await this.during(why, TOO_SHORT, slept).finally(() => clearTimeout(timer));
  }

  /** Stops the timers: a Lambda container outlives the step. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

const EXPIRED = Symbol('expired');
const TOO_SHORT = 'give the function a longer timeout: 60 seconds leave time to say what went wrong';

function isAbort(error: unknown): boolean {
  return isError(error) && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
