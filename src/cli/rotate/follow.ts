import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';

/** How following a rotation ended. */
export type FollowOutcome =
  /** Its version is AWSCURRENT. */
  | 'rotated'
  /** Its version lost its labels: somebody stored a value, cancelled the rotation or removed the label. */
  | 'abandoned'
  /** Its version was AWSCURRENT, and another is now. */
  | 'replaced'
  /** Somebody turned rotation off: nothing will complete it. */
  | 'turned-off'
  /** The time was up, and AWSPENDING is still on its version. */
  | 'unfinished'
  /** The signal ended the waiting. */
  | 'left';

export interface Following {
  readonly describe: () => Promise<DescribeSecretResponse>;
  readonly versionId: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Waits; ends early at the signal. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now?: () => number;
}

/** Seconds until the next look; the last one repeats. */
const PACE = [2, 3, 5, 8, 13, 20, 30];
/** DescribeSecret may lag behind for some seconds: a version counts as lost after so long without a label. */
const LOST_AFTER_MS = 10_000;

/** So many looks in a row may fail: the rotation goes on without us. */
const MOST_FAILURES = 3;

/** Watches the labels until a rotation ends, or the time is up. */
export async function follow({
  describe,
  versionId,
  timeoutMs,
  signal,
  wait = waitFor,
  now = Date.now,
}: Following): Promise<FollowOutcome> {
  const end = now() + timeoutMs;
  let lostSince: number | undefined;
  let failures = 0;
  for (let look = 0; ; look++) {
    const pace = (PACE[Math.min(look, PACE.length - 1)] ?? 0) * 1000;
    // Jitter: several that follow at once do not all look at the same moment.
    await wait(Math.max(0, Math.min(pace * (0.8 + 0.4 * Math.random()), end - now())), signal);
    if (signal.aborted) return 'left';
    const described = await describe().catch((error: unknown) => {
      failures += 1;
      if (failures >= MOST_FAILURES || now() >= end) throw error;
    });
    if (!described) continue;
    failures = 0;
    const seen = seenIn(described, versionId);
    if (seen === 'rotated' || seen === 'replaced' || seen === 'turned-off') return seen;
    lostSince = seen === 'lost' ? (lostSince ?? now()) : undefined;
    if (lostSince !== undefined && now() - lostSince >= LOST_AFTER_MS) return 'abandoned';
    if (now() >= end) return seen === 'lost' ? 'abandoned' : 'unfinished';
  }
}

function seenIn(
  { VersionIdsToStages = {}, RotationEnabled }: DescribeSecretResponse,
  versionId: string,
): 'rotated' | 'replaced' | 'turned-off' | 'pending' | 'lost' {
  const labels = (Object.hasOwn(VersionIdsToStages, versionId) && VersionIdsToStages[versionId]) || [];
  if (labels.includes('AWSCURRENT')) return 'rotated';
  if (labels.includes('AWSPREVIOUS')) return 'replaced';
  if (!labels.includes('AWSPENDING')) return 'lost';
  return RotationEnabled ? 'pending' : 'turned-off';
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
