/**
 * Time since `at` by the wall clock, in milliseconds. A monotonic clock may stand still while a process is frozen. After the
 * clock was set back, the answer is infinity.
 */
export function since(at: number): number {
  const ms = Date.now() - at;
  return ms < 0 ? Number.POSITIVE_INFINITY : ms;
}

/** A random time from `least * ms` to `ms`, so that processes that start together drift apart. */
export function jittered(ms: number, least: number): number {
  return ms * (least + (1 - least) * Math.random());
}

/** Longest delay of a timer: a longer one fires at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1;

/** Waits for the promise or the signal. It leaves no listener on the signal. */
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

/** Waits for the promise; after `ms` it rejects with `late`. */
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

/** Age in milliseconds; 0 after the clock was set back, so that the value is due but not stale. */
export function ageMs(at: number): number {
  return Math.max(0, Date.now() - at);
}
