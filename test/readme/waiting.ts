import { setTimeout as sleep } from 'node:timers/promises';
import type { Verdict } from '../../src/index.js';

/** Asks again while the service refuses, for 30 seconds at most, and never longer than the step. */
export async function untilAccepted(ask: () => Promise<Verdict>, signal: AbortSignal): Promise<Verdict> {
  const endsAt = performance.now() + 30_000;
  for (;;) {
    const verdict = await ask();
    if (verdict === 'accepted' || performance.now() >= endsAt) return verdict;
    await sleep(500, undefined, { signal });
  }
}
