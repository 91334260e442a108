import { RotationError } from '../errors.js';
import type { Awaitable, StepContext } from '../rotator.js';
import type { ListedKey } from './key-sweep.js';

const FIRST_DELAY_MS = 100;

/** A live key, which the list must show. */
export interface Expected {
  readonly id: string;
  readonly label: 'AWSPENDING' | 'AWSCURRENT';
  /** Called if the list does not show the key: somebody may have ended it meanwhile. */
  isExcused?(): Awaitable<boolean>;
}

/**
 * Lists the keys, again for a while if one is missing: an incomplete list would hide keys that must end.
 *
 * @throws {@link RotationError} if the list does not show a live key
 */
export async function wholeList(
  list: () => Awaitable<readonly ListedKey[]>,
  expected: readonly Expected[],
  patienceMs: number,
  { signal, leftMs }: StepContext,
): Promise<readonly ListedKey[]> {
  let patience = Math.min(patienceMs, leftMs / 4);
  for (let delay = FIRST_DELAY_MS; ; delay *= 2) {
    const keys = await list();
    const missing = expected.filter(({ id }) => !keys.some((key) => key.id === id));
    if (missing.length > 0 && patience > 0) {
      await pause(Math.min(delay, patience), signal);
      patience -= delay;
      continue;
    }
    for (const key of missing) if (!(await key.isExcused?.())) throw incomplete(key, keys.length);
    return keys;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    function end(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    }
  });
}

function incomplete({ id, label }: Expected, length: number): RotationError {
  const message = `the list of keys (${length}) does not show ${id}, the key in ${label}, which works`;
  return new RotationError('ERR_SERVICE_FAILED', message, {
    hint:
      'no key was ended. If the list stops after a page or is filtered, correct the list request. If it is only late, the next attempt ' +
      'finds the key. If somebody ended the key and the provider still accepts it, declare that with `ends`',
  });
}
