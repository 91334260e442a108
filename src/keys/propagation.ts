import { setTimeout as sleep } from 'node:timers/promises';
import { RotationError } from '../errors.js';
import type { Awaitable, StepContext, Verdict } from '../rotator.js';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 2000;

/** How often a verdict must come in a row, over the settle time, before it holds everywhere. */
const IN_A_ROW = 4;
const LONGEST_SETTLE_MS = 3000;

/** What a provider needs until all of its servers say the same. */
export interface Propagation {
  /** For how long another answer than the wanted one may still come. */
  readonly propagationMs: number;
  /** For how long the wanted one must come, several times in a row. 0: once is enough. */
  readonly settleMs: number;
}

/** How long a verdict must hold, where nothing else is declared. */
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
 * Asks again while a new key may not have reached all of its provider.
 *
 * @throws RotationError `ERR_DEADLINE` if the step has less time than the key
 */
export function probeFor(
  propagation: Propagation,
  probe: () => Awaitable<Verdict>,
  context: StepContext,
): Promise<Verdict> {
  return settled('accepted', propagation, probe, context);
}

/**
 * Asks until a provider says the same several times in a row: one answer is that of one of its servers.
 *
 * @returns the other verdict if it still comes when the time is over
 * @throws RotationError `ERR_DEADLINE` if the step has less time than that
 */
export async function settled(
  wanted: Verdict,
  { propagationMs, settleMs }: Propagation,
  probe: () => Awaitable<Verdict>,
  { leftMs, signal }: StepContext,
): Promise<Verdict> {
  const startedAt = performance.now();
  const endsAt = startedAt + leftMs;
  // A share of the time that is left: what follows needs some, too.
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

/** Not a verdict: the key has not had the time that its provider takes. */
function tooEarly(patience: number): RotationError {
  return new RotationError(
    'ERR_DEADLINE',
    `the time was up while the provider still said otherwise of a key, which it may for ${Math.round(patience)} ms`,
    { hint: 'the next attempt asks again; a longer timeout of the function saves it' },
  );
}
