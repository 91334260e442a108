import { setImmediate as turn } from 'node:timers/promises';
import type { Failure, Held, Line } from '../../src/testing/index.js';

/** The way to a service in memory: what its clients call goes through `pass`. */
export class CallLine implements Line {
  sent = 0;
  #fails = Number.POSITIVE_INFINITY;
  #how: Failure = 'lost';
  #hasFailed = false;
  #isCut = false;
  #isStalled = false;
  #isFailing = false;
  #holds = Number.POSITIVE_INFINITY;
  #held: { readonly gone: Promise<void>; readonly letGo: () => void } | undefined;

  /** @param signal what ends the wait when no answer comes */
  async pass<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    if (this.#isCut) throw broken();
    this.sent += 1;
    const isFailing = this.sent === this.#fails;
    if (isFailing) this.#fail();
    if (isFailing && this.#how === 'lost') throw broken();
    if (this.#isFailing) throw new Error('answered 503');
    if (this.sent === this.#holds) await this.#hold();
    const answer = work();
    // An answer takes its time, in which others get on.
    await turn();
    if (this.#isStalled) await stall(signal);
    if (isFailing) throw broken();
    return answer;
  }

  cut(): void {
    this.#isCut = true;
  }

  failAt(n: number, how: Failure): void {
    [this.#fails, this.#how, this.#hasFailed] = [this.sent + n, how, false];
  }

  holdAt(n: number): Held {
    this.#letGo();
    this.#holds = this.sent + n;
    const isHeld = (): boolean => this.#held !== undefined;
    return {
      get isHeld() {
        return isHeld();
      },
      letGo: () => this.#letGo(),
    };
  }

  mend(): boolean {
    this.#letGo();
    [this.#isCut, this.#isStalled, this.#isFailing] = [false, false, false];
    this.#fails = Number.POSITIVE_INFINITY;
    return this.#hasFailed;
  }

  async #hold(): Promise<void> {
    let letGo = (): void => {};
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    this.#held = { gone, letGo };
    await gone;
  }

  #letGo(): void {
    this.#holds = Number.POSITIVE_INFINITY;
    this.#held?.letGo();
    this.#held = undefined;
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#isCut = this.#how === 'dead';
    this.#isStalled = this.#how === 'stalled';
    this.#isFailing = this.#how === 'failing';
  }
}

function broken(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

function stall(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
}
