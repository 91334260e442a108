/**
 * Lets the waits of the engine take no time: what it waits for a few seconds comes at once, and its deadlines never.
 * Time itself stands until it is moved.
 *
 * @returns what puts the clock and the timers back
 */
export function withoutWaiting(now: () => number): () => void {
  const { setTimeout, clearTimeout } = globalThis;
  const { now: realNow } = Date;
  const replaced = (work: () => void, ms = 0) => (ms > LONGEST_WAIT_MS ? {} : setImmediate(work));
  Object.assign(globalThis, {
    setTimeout: replaced,
    clearTimeout: (timer: NodeJS.Immediate | undefined) => clearImmediate(timer),
  });
  Date.now = now;
  return () => {
    Object.assign(globalThis, { setTimeout, clearTimeout });
    Date.now = realNow;
  };
}

/** Longer than the engine waits for a read that is not yet consistent, and shorter than any deadline. */
const LONGEST_WAIT_MS = 5000;
