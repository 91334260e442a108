import { setTimeout as sleep } from 'node:timers/promises';
import { RotationError } from '../errors.js';
import type { Awaitable, StepContext, Verdict } from '../rotator.js';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/** How many times in a row, over the settle time, a verdict must come before it counts. */
const IN_A_ROW = 4;
const LONGEST_SETTLE_MS = 3000;

/** Times after which all servers of a provider agree. */
export interface Propagation {
  /** How long another verdict than the wanted one may still come. */
  readonly propagationMs: number;
  /** How long the wanted verdict must come, several times in a row. With 0, once is enough. */
  readonly settleMs: number;
}

/** Returns the settle time if none is declared. */
export function settleMsOf(propagationMs: number): number {
  return Math.min(propagationMs, LONGEST_SETTLE_MS);
}

/** @throws RangeError */
export function assertPropagation(propagation: Propagation): void {
  for (const [option, ms] of Object.entries(propagation)) {
    if (!(ms >= 0)) throw new RangeError(`${option} must be a number of milliseconds`);
  }
}

/**
 * Tries a new key again and again, until the provider has accepted it several times in a row or the propagation time is over.
 *
 * @throws {@link RotationError} `ERR_DEADLINE` if the step's time ends before that
 */
export function probeFor(
  propagation: Propagation,
  probe: () => Awaitable<Verdict>,
  context: StepContext,
): Promise<Verdict> {
  return settled('accepted', propagation, probe, context);
}

/**
 * Asks until a provider gives the wanted verdict several times in a row: each answer comes from one of its servers.
 *
 * @returns the other verdict if it still comes when the time is over
 * @throws {@link RotationError} `ERR_DEADLINE` if the step's time ends before that
 */
export async function settled(
  wanted: Verdict,
  { propagationMs, settleMs }: Propagation,
  probe: () => Awaitable<Verdict>,
  { leftMs, signal }: StepContext,
): Promise<Verdict> {
  const startedAt = performance.now();
  const endsAt = startedAt + leftMs;
  // A share of the time left: what follows needs some too.
  const settle = Math.min(settleMs, leftMs / 4);
  const patience = Math.max(propagationMs, settle);
  let row = 0;
  for (let delay = FIRST_DELAY_MS; ; ) {
    const verdict = await probe();
    row = verdict === wanted ? row + 1 : 0;
    if (row >= (settle > 0 ? IN_A_ROW : 1)) return verdict;
    const now = performance.now();
    const left = startedAt + patience - now;
    if (row === 0 && left <= 0) return verdict;
    const wait = row > 0 ? settle / (IN_A_ROW - 1) : Math.min(delay, left);
    if (row === 0) delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    if (now + wait >= endsAt) throw tooEarly(patience);
    await sleep(wait, undefined, { signal });
  }
}

/** Returns the error for a step that ended before the propagation time. */
function tooEarly(patience: number): RotationError {
  return new RotationError(
    'ERR_DEADLINE',
    `the step ended before the provider's servers agreed on a key, which may take ${Math.round(patience)} ms`,
    { hint: 'give the function a longer timeout; the next attempt asks again' },
  );
}
