/**
 * How long ago something was by the wall clock: a frozen process meets the right time when it thaws, a monotonic clock may
 * have stood still. After the clock was set back everything is long ago.
 */
export function since(at: number): number {
  const ms = Date.now() - at;
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

/** A time between the share of `ms` and all of it, at random, so that processes that began together do not stay together. */
export function jittered(ms: number, least: number): number {
  return ms * (least + (1 - least) * Math.random());
}

/** The longest time that a timer keeps: one that is longer fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Waits for the promise, or until the signal fires. The promise goes on; the signal keeps no listener. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Waits for so long; then it fails with what is given. */
export async function inTime<T>(promise: Promise<T>, ms: number, late: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), Math.max(0, ms));
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** How old something is. After the clock was set back it is as young as can be: due, not stale. */
export function ageMs(at: number): number {
  return Math.max(0, Date.now() - at);
}
