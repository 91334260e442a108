import { isLoginRefused } from '../failures.js';
import { LONGEST_TIMER_MS, since } from '../wait.js';

/** Logins of one caller: accounts get locked. */
const MOST_LOGINS = 3;
const LONGEST_READ_MS = 10_000;

/**
 * What one caller has had so far: its logins, its last refusal, and the time that all its waits share. `logIn` keeps one for a
 * caller; a pool, which opens a new connection for each login, keeps it from one connection to the next.
 */
export class Attempt {
  readonly ms: number;
  readonly #from = Date.now();
  #logins = 0;
  #refusal: { readonly error: unknown; readonly at: number } | undefined;
  /** No version was left to log in with. */
  isOver = false;

  constructor(limitMs: number, windowMs: number) {
    // What is no number is no time: a wait that never ends would be worse.
    this.ms = Math.min(limitMs, windowMs, LONGEST_TIMER_MS) || 0;
  }

  get leftMs(): number {
    return this.ms - since(this.#from);
  }

  /** How long the caller waits for what must be read first: who has no time waits, too, as long as a look may take. */
  get readMs(): number {
    return (this.ms > 0 ? this.ms : LONGEST_READ_MS) - since(this.#from);
  }

  get refusal(): { readonly error: unknown } | undefined {
    return this.#refusal;
  }

  /** Notes a refused login. Returns whether there may be another one. */
  wasRefused(error: unknown): boolean {
    if (this.#refusal?.error !== error) this.#logins++;
    this.#refusal = { error, at: Date.now() };
    return this.#logins < MOST_LOGINS;
  }

  /** For a pool that sees only how connecting failed: whether the login was refused and may be tried again. */
  mayTryAgain(error: unknown): boolean {
    return !this.isOver && isLoginRefused(error) && this.wasRefused(error);
  }

  /**
   * How long the caller would rather wait than try again what was refused: its last login is kept for half of its time or,
   * while nobody could look since, for almost all of it.
   */
  savesMs(lookedAt: number): number {
    if (!this.#refusal || this.#logins < MOST_LOGINS - 1) return 0;
    return (lookedAt > this.#refusal.at ? this.ms / 2 : this.ms - 1000) - since(this.#from);
  }
}
