import { isLoginRefused } from '../failures.js';
import { LONGEST_TIMER_MS, since } from '../wait.js';

/** Per caller: services lock accounts after refused logins. */
const MOST_LOGINS = 3;
const LONGEST_READ_MS = 10_000;

/**
 * Logins, last refusal and time limit of one caller.
 *
 * {@link RotatingSecret.logIn} makes one per call. A pool opens a new connection for each login: it gets an attempt from
 * {@link RotatingSecret.attempt}, and passes it to each login as {@link LogInOptions.attempt}.
 */
export class Attempt {
  /** @internal */
  readonly ms: number;
  readonly #from = Date.now();
  #logins = 0;
  #refusal: { readonly error: unknown; readonly at: number } | undefined;
  /** Whether no version is left to log in with. */
  isOver = false;

  /** @internal */
  constructor(limitMs: number, windowMs: number) {
    // NaN counts as 0: otherwise the wait would never end.
    this.ms = Math.min(limitMs, windowMs, LONGEST_TIMER_MS) || 0;
  }

  /** @internal */
  get leftMs(): number {
    return this.ms - since(this.#from);
  }

  /**
   * Time to wait for the first read, in milliseconds. A caller without time still waits as long as a read may take.
   *
   * @internal
   */
  get readMs(): number {
    return (this.ms > 0 ? this.ms : LONGEST_READ_MS) - since(this.#from);
  }

  /** @internal */
  get refusal(): { readonly error: unknown } | undefined {
    return this.#refusal;
  }

  /**
   * Records a refused login. Returns whether the caller may log in again.
   *
   * @internal
   */
  wasRefused(error: unknown): boolean {
    if (this.#refusal?.error !== error) this.#logins++;
    this.#refusal = { error, at: Date.now() };
    return this.#logins < MOST_LOGINS;
  }

  /**
   * Returns whether an error means that the login was refused, and whether the caller may log in again. For a pool, which
   * sees only the error of the connection. Call it once for each error: it counts the login.
   */
  mayTryAgain(error: unknown): boolean {
    return !this.isOver && isLoginRefused(error) && this.wasRefused(error);
  }

  /**
   * How long to keep the caller's last login for a version that was not refused, in milliseconds: half of its time, or
   * almost all of it if no read has begun since the refusal.
   *
   * @internal
   */
  savesMs(lookedAt: number): number {
    if (!this.#refusal || this.#logins < MOST_LOGINS - 1) return 0;
    return (lookedAt > this.#refusal.at ? this.ms / 2 : this.ms - 1000) - since(this.#from);
  }
}
