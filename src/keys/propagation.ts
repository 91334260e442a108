import { setTimeout as sleep } from 'node:timers/promises';
import { RotationError } from '../errors.js';
import type { Awaitable, StepContext, Verdict } from '../rotator.js';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/**
 * Asks again while a new key may not have reached all of its provider.
 *
 * @throws RotationError `ERR_DEADLINE` if the step has less time than the key
 */
export async function probeFor(
  propagationMs: number,
  probe: () => Awaitable<Verdict>,
  { leftMs, signal }: StepContext,
): Promise<Verdict> {
  const startedAt = performance.now();
  const endsAt = startedAt + leftMs;
  for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 2, LONGEST_DELAY_MS)) {
    const verdict = await probe();
    const now = performance.now();
    const left = startedAt + propagationMs - now;
    if (verdict !== 'rejected' || left <= 0) return verdict;
    const wait = Math.min(delay, left);
    if (now + wait >= endsAt) throw tooEarly(propagationMs);
    await sleep(wait, undefined, { signal });
  }
}

/** Not a rejection: the key has not had the time that its provider takes. */
function tooEarly(propagationMs: number): RotationError {
  return new RotationError(
    'ERR_DEADLINE',
    `the time was up while the new key was still rejected, which it may be for ${propagationMs} ms`,
    { hint: 'the next attempt asks again; a longer timeout of the function saves it' },
  );
}
