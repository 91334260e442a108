import { jittered, since } from '../wait.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;

/** What a search needs from its place. */
export interface Searched {
  /** Whether a caller wants to log in and no version is accepted. */
  isWanted(): Promise<boolean>;
  /** Reads the secret. Returns whether Secrets Manager answered. */
  look(): Promise<boolean>;
  /** Time until the next read is allowed, in milliseconds. */
  readonly mayLookInMs: number;
  readonly windowMs: number;
  /** Waits for `ms`, or until something changes. */
  change(ms: number): Promise<void>;
  /** Whether every known version was refused. */
  isExhausted(): boolean;
  /** Called after a full window. `hasAnswer`: whether Secrets Manager answered during it. */
  foundNothing(hasAnswer: boolean): void;
}

/**
 * One search for all callers that wait in a place. It ends when nobody waits.
 *
 * Its pace and the time spent of the window carry over from one caller to the next: a row of short waits counts as one search.
 */
export class Search {
  readonly #for: Searched;
  #isUnderWay = false;
  #isNews = false;
  #hasAnswer = false;
  #pauseMs = 0;
  #waitMs = 0;
  #lookedAt = 0;
  #spentMs = 0;

  constructor(searched: Searched) {
    this.#for = searched;
  }

  /** Starts pace and window again. */
  reset(): void {
    this.#hasAnswer = false;
    this.#pauseMs = 0;
    this.#waitMs = 0;
    this.#spentMs = 0;
  }

  /** Makes the search read at once: a version was refused for the first time. */
  hurry(): void {
    this.#isNews = true;
  }

  async run(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    try {
      for (let at = Date.now(); await this.#for.isWanted(); at = Date.now()) {
        if (this.#isNews || since(this.#lookedAt) >= this.#waitMs) await this.#look();
        if (this.#spentMs >= this.#for.windowMs && this.#for.isExhausted()) {
          const hasAnswer = this.#hasAnswer;
          this.reset();
          this.#for.foundNothing(hasAnswer);
          return;
        }
        await this.#for.change(Math.max(1, this.#waitMs - since(this.#lookedAt)));
        // A frozen process did not search in that time.
        this.#spentMs += Math.min(LONGEST_PAUSE_MS, Math.max(0, Date.now() - at));
      }
    } catch {
      // No value in memory, or closed: each waiting caller gets that error itself.
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #look(): Promise<void> {
    this.#isNews = false;
    const hasAnswer = await this.#for.look();
    this.#hasAnswer ||= hasAnswer;
    this.#lookedAt = Date.now();
    this.#waitMs = Math.max(this.#for.mayLookInMs, jittered(this.#pauseMs, 0.5));
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2));
  }
}
