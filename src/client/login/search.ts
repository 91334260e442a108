import { jittered, since } from '../wait.js';

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 5000;

/** What a search is for. */
export interface Searched {
  /** Whether somebody is there who wants to log in, and no version is accepted. */
  isWanted(): Promise<boolean>;
  /** Looks at Secrets Manager. Returns whether it has answered. */
  look(): Promise<boolean>;
  /** When a look may be next. */
  readonly mayLookInMs: number;
  readonly windowMs: number;
  /** Waits for so long, or until something has changed. */
  change(ms: number): Promise<void>;
  /** Whether nothing is known that was not refused. */
  isExhausted(): boolean;
  /** A full window has gone by. `hasAnswer`: in which Secrets Manager has answered. */
  foundNothing(hasAnswer: boolean): void;
}

/**
 * One search for all that wait in a place, and only as long as somebody does. Its pace, and what it has spent of a window, go
 * on from one caller to the next: callers who wait a moment each, one after another, are one search.
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

  /** There is something new: the next search begins anew. */
  reset(): void {
    this.#hasAnswer = false;
    this.#pauseMs = 0;
    this.#waitMs = 0;
    this.#spentMs = 0;
  }

  /** A version was refused that was not before: it looks at once, whatever its pace. */
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
        // A process that was frozen has not looked in that time.
        this.#spentMs += Math.min(LONGEST_PAUSE_MS, Math.max(0, Date.now() - at));
      }
    } catch {
      // Nothing is held any more, or it was closed: those that wait find out themselves.
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
