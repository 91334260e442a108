import { setTimeout as sleep } from 'node:timers/promises';
import type { StepContext, Verdict } from '../../src/index.js';

/** Asks again while the service refuses, until the patience or half of the step's time is over. */
export async function untilAccepted(
  ask: () => Promise<Verdict>,
  { signal, leftMs }: StepContext,
  patienceMs = 30_000,
): Promise<Verdict> {
  const endsAt = performance.now() + Math.min(patienceMs, leftMs / 2);
  for (;;) {
    const verdict = await ask();
    if (verdict === 'accepted' || performance.now() >= endsAt) return verdict;
    await sleep(Math.min(500, patienceMs / 20), undefined, { signal });
  }
}
