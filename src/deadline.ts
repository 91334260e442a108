import { isError, RotationError } from './errors.js';

/** The part of Lambda's context that is used here. */
export interface LambdaContext {
  /** Milliseconds until Lambda ends the invocation. */
  getRemainingTimeInMillis(): number;
}

/** How long a step may take where no Lambda says so: at a desk, in a test. */
const DEFAULT_MS = 60_000;
/** The signal fires this long before the end, so that what waits can still say what it waited for. */
const MARGIN_MS = 1000;

/** The time that is left for one step. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #timers: NodeJS.Timeout[];
  readonly #expired: Promise<never>;
  readonly #startedAt = performance.now();

  constructor(lambda: LambdaContext | undefined) {
    const left = lambda?.getRemainingTimeInMillis() ?? DEFAULT_MS;
    const margin = Math.min(MARGIN_MS, left / 4);
    let expire: (reason: unknown) => void = () => {};
    this.#expired = new Promise((_, reject) => {
      expire = reject;
    });
    // Nobody may be waiting when it expires.
    this.#expired.catch(() => {});
    this.#timers = [
      setTimeout(() => this.#controller.abort(), left - margin),
      setTimeout(() => expire(EXPIRED), left - margin / 2),
    ];
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get elapsedMs(): number {
    return Math.round(performance.now() - this.#startedAt);
  }

  /**
   * Waits for `work`, but not beyond the deadline, even if `work` ignores the signal.
   *
   * @throws RotationError `ERR_DEADLINE`, which says what was being waited for
   */
  async during<T>(what: string, likelyCause: string, work: T | Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.#expired]);
    } catch (error) {
      if (error !== EXPIRED && !(this.signal.aborted && isAbort(error))) throw error;
      throw new RotationError(
        'ERR_DEADLINE',
        `no time was left after ${this.elapsedMs} ms of waiting for ${what}`,
        {
          hint: likelyCause,
        },
      );
    }
  }

  async sleep(ms: number, why: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await this.during(why, 'give the function a longer timeout', slept).finally(() => clearTimeout(timer));
  }

  /** Stops the timers: a Lambda container outlives the step. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

const EXPIRED = Symbol('expired');

function isAbort(error: unknown): boolean {
  return isError(error) && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
