import { isError, RotationError } from '../errors.js';
import { throttleHint } from '../network/throttles.js';

/** Part of Lambda's context that a {@link RotationHandler} uses. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** Limit of a step outside Lambda. */
const DEFAULT_MS = 60_000;
/** Lambda's longest timeout. */
const MAX_MS = 900_000;
/** The signal aborts this long before the end, so that the step can still report what it waited for. */
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
    // Else it would be an unhandled rejection if nobody waits when it expires.
    this.#expired.catch(() => {});
    this.#timers = [
      setTimeout(() => this.#controller.abort(), this.#ms),
      setTimeout(
        () => {
          // In a busy process this timer may fire first.
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
   * Milliseconds for redacting an error or a text: half of what Lambda leaves, so that there is time for the log. At least
   * what an ordinary secret needs in a busy process, at most what the largest needs.
   */
  get redactionMs(): number {
    return Math.min(2000, Math.max(250, (this.#endMs - this.elapsedMs) / 2));
  }

  /** Milliseconds until the signal aborts. */
  get leftMs(): number {
    return this.#ms - this.elapsedMs;
  }

  /**
   * Does `work` and waits for it until the deadline, even if it ignores the signal.
   *
   * @throws {@link RotationError} `ERR_DEADLINE`, which names `what` it waited for
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

  /** Stops the timers, because a Lambda container outlives the step. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

const EXPIRED = Symbol('expired');
const TOO_SHORT = 'give the function a longer timeout, 60 seconds or more';

function isAbort(error: unknown): boolean {
  return isError(error) && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
