import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';

/** Longer than the engine waits for a read that is not yet consistent, and shorter than any deadline. */
const LONGEST_WAIT_MS = 5000;

/** Of each delivery its own: it has waited for so long. */
const clocks = new AsyncLocalStorage<{ ms: number }>();

/** Takes a step whose time is what it waits itself: all that it does follows from what it is answered. */
export function onItsOwnTime<T>(take: () => T): T {
  return clocks.run({ ms: 0 }, take);
}

/**
 * Lets the waits of the engine take no time: what it waits for a few seconds comes at once, and its deadlines never.
 * Time itself stands until it is moved.
 *
 * @returns what puts the clock and the timers back
 */
export function withoutWaiting(now: () => number): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const { now: realNow } = Date;
  const { setTimeout: sleep } = timers;
  const { now: realTime } = performance;
  const replaced = (work: () => void, ms = 0) => {
    if (ms > LONGEST_WAIT_MS) return {};
    const clock = clocks.getStore();
    return setImmediate(() => {
      if (clock) clock.ms += ms;
      work();
    });
  };
  Object.assign(globalThis, {
    setTimeout: replaced,
    clearTimeout: (timer: NodeJS.Immediate | undefined) => clearImmediate(timer),
  });
  Object.assign(timers, { setTimeout: (ms: number) => new Promise<void>((awake) => replaced(awake, ms)) });
  syncBuiltinESMExports();
  Date.now = now;
  performance.now = () => clocks.getStore()?.ms ?? realTime.call(performance);
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Object.assign(timers, { setTimeout: sleep });
    syncBuiltinESMExports();
    Date.now = realNow;
    performance.now = realTime;
  };
}
