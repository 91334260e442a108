import { isRotationError, RotationError } from '../errors.js';
import type { Awaitable, KeyEnding, StepContext, Verdict } from '../rotator.js';
import { type Propagation, probeFor, settled } from './propagation.js';

/** How long the provider must refuse an ended key, several times in a row, if no propagation is declared. */
const SETTLE_MS = 300;
/** How long the provider may still accept it, if none is declared. */
const PATIENCE_MS = 2000;

/** A key that this rotation has ended. */
export interface EndedKey {
  readonly id: string;
  readonly ends: KeyEnding;
  readonly probe: () => Awaitable<Verdict>;
  /** Tries AWSPENDING's key in the same way: if the provider refuses both, its answer proves nothing. */
  readonly probePending: () => Awaitable<Verdict>;
}

/** Returns whether the provider refuses a key, several times in a row, and still accepts AWSPENDING's. */
export async function isRefused(
  key: EndedKey,
  propagation: Propagation,
  context: StepContext,
): Promise<boolean> {
  if ((await verdictOn(key, propagation, context)) === 'accepted') return false;
  await assertTakesPending(key, propagation, context);
  return true;
}

function verdictOn(
  { ends, probe }: EndedKey,
  { propagationMs, settleMs }: Propagation,
  context: StepContext,
): Promise<Verdict> {
  const longest = ends === 'at-once' ? Math.max(propagationMs, PATIENCE_MS) : 0;
  const propagation = {
    // A share of the time left: AWSCURRENT still has to move.
    propagationMs: Math.min(longest, context.leftMs / 2),
    settleMs: settleMs > 0 ? settleMs : SETTLE_MS,
  };
  return settled('rejected', propagation, probe, context);
}

/** @throws {@link RotationError} if the provider refuses AWSPENDING's key too: a gateway may refuse everybody */
async function assertTakesPending(
  { probePending }: EndedKey,
  { propagationMs }: Propagation,
  context: StepContext,
): Promise<void> {
  const patience = {
    propagationMs: Math.min(Math.max(propagationMs, PATIENCE_MS), context.leftMs / 4),
    settleMs: 0,
  };
  if ((await probeFor(patience, probePending, context)) === 'rejected') throw refusesAll();
}

/**
 * Tries a revoked key: the provider must refuse it several times in a row. For a provider that is declared to end keys late,
 * or only at expiry, it warns instead, and counts the metric `endedKeyWorks`.
 *
 * @throws {@link RotationError} `ERR_KEY_STILL_WORKS`, or what `probe` throws
 */
export async function assertEnded(
  key: EndedKey,
  propagation: Propagation,
  context: StepContext,
): Promise<void> {
  const { id, ends } = key;
  if (ends === 'untried') return;
  const isPatient = ends === 'at-once';
  const message = `this rotation ended the key ${id}, but the provider still accepts it`;
  let verdict: Verdict;
  try {
    verdict = await verdictOn(key, propagation, context);
  } catch (error) {
    // The value belongs to another key than the id: that key was revoked, and this one was not.
    const isOfAnother = isRotationError(error) && error.code === 'ERR_SECRET_MALFORMED';
    if (isPatient && !isOfAnother) throw undecided(error, id);
    context.warn(
      `it is unknown whether the key in AWSPREVIOUS, ${id}, has ended: check it at the provider`,
      'endedKeyWorks',
    );
    return;
  }
  if (verdict === 'rejected') return assertTakesPending(key, propagation, context);
  if (isPatient) throw new RotationError('ERR_KEY_STILL_WORKS', message, { hint: HINT });
  context.warn(
    `${message}, as declared (${ends}): the key ends later by itself, or you end it by hand`,
    'endedKeyWorks',
  );
}

function refusesAll(): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    'the provider refuses the key in AWSPENDING, which it accepted a moment ago',
    {
      hint:
        'AWSCURRENT was not moved, and it is unknown whether the key in AWSPREVIOUS has ended. A gateway may refuse everybody, ' +
        'or somebody ended the new key. The next attempt tries again',
    },
  );
}

const NO_ANSWER = /^ERR_(DEADLINE|TLS_|SERVICE_(UNREACHABLE|TIMEOUT|NOT_FOUND))/;

/** Returns the error for an answer that is neither live nor dead: most likely an unknown answer to a dead key. */
function undecided(error: unknown, id: string): unknown {
  if (!isRotationError(error) || NO_ANSWER.test(error.code)) return error;
  const asked = `this came when the ended key ${id} was tried: if it is the provider’s refusal, declare it (check.dead of a spec)`;
  const hint = [asked, error.hint].filter(Boolean).join('; ');
  return new RotationError(error.code, error.message, { hint, cause: error.cause });
}

const HINT =
  'AWSCURRENT was not moved and works; the next attempt tries again. Only if the provider ends keys late, set `ends` of the ' +
  'rotator or spec, or KEYS_END of a ready-made function, to "late". Set "at-expiry" if keys end only when they expire, and ' +
  '"untried" if a refused use does harm';
