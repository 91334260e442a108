import { setImmediate as turn } from 'node:timers/promises';
import type { Awaitable } from '../rotator.js';
import { Disturbed, type Line } from './line.js';

/** The way to a service in memory, which clients call as a function. */
export interface MemoryLine extends Line {
  /**
   * Calls the service: sends one message on a new connection, and waits for the answer.
   *
   * @param work runs when the service gets the message; the answer is what it returns or throws
   * @param signal ends the wait, as that of `fetch` does: what was sent may take effect all the same
   * @returns the answer, in a later turn of the event loop, so that other code runs meanwhile
   * @throws Error with the code `ECONNRESET` if the connection breaks, `answered 503` if the service is out of order;
   *   the signal's reason once it fires; what `work` throws
   */
  call<T>(work: () => Awaitable<T>, signal?: AbortSignal): Promise<T>;
}

/**
 * Makes a line to a service in memory, for a rotator whose service is a function call. It opens no socket, so there is nothing
 * to close.
 *
 * @example
 * ```ts
 * const vault = { pin: 'first-pin-1' };
 * const line = memoryLine();
 *
 * const pins = (): Rotator<{ pin: string }, 'pin'> => ({
 *   name: 'pins',
 *   rotates: ['pin'],
 *   shows: [],
 *   parse: (json) => ({ pin: stringField(json, 'pin') }),
 *   createSecret: () => ({ pin: randomUUID() }),
 *   async setSecret({ current, pending }, { signal, confirm }) {
 *     if ((await confirm()) === 'current') return;
 *     const change = () => {
 *       if (vault.pin !== current.pin && vault.pin !== pending.pin)
 *         throw new Error('neither pin opens the vault');
 *       vault.pin = pending.pin;
 *     };
 *     await line.call(change, signal);
 *   },
 *   testSecret: ({ pin }, { signal }) => line.call(() => (vault.pin === pin ? 'accepted' : 'rejected'), signal),
 * });
 *
 * const clauses = rotatorContract({
 *   rotator: pins,
 *   reset() {
 *     vault.pin = 'first-pin-1';
 *     return { ...vault };
 *   },
 *   accepts: ({ pin }) => vault.pin === pin,
 *   line: () => line,
 * });
 * for (const { name, run } of clauses) test(name, run);
 * ```
 */
export function memoryLine(): MemoryLine {
  return new Memory();
}

class Memory extends Disturbed implements MemoryLine {
  /** The connections of the calls that are under way: each function breaks one. */
  readonly #connections = new Set<() => void>();

  async call<T>(work: () => Awaitable<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    if (this.isCut) throw broken();
    let giveUp = (): void => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        giveUp = () => reject(signal?.reason);
        signal?.addEventListener('abort', giveUp);
        this.#send(work, resolve, reject);
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  protected breakAll(): void {
    for (const breaks of this.#connections) breaks();
    this.#connections.clear();
  }

  #send<T>(
    work: () => Awaitable<T>,
    resolve: (answer: Promise<T>) => void,
    reject: (error: Error) => void,
  ): void {
    const connection = (): void => reject(broken());
    const isOpen = (): boolean => this.#connections.has(connection);
    this.#connections.add(connection);
    const pass = async (): Promise<void> => {
      // It may have been broken while it was held back.
      if (!isOpen()) return;
      const answer = (async () => work())();
      // What the service throws is an answer too, and takes as long.
      await Promise.allSettled([answer]);
      await turn();
      if (!isOpen() || !this.isAnswered()) return;
      this.#connections.delete(connection);
      resolve(answer);
    };
    const turnAway = (): void => {
      this.#connections.delete(connection);
      reject(new Error('answered 503'));
    };
    this.take(connection, () => void pass(), turnAway);
  }
}

function broken(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}
