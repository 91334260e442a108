import { isRotationError, RotationError } from '../errors.js';
import type { Awaitable, KeyEnding, StepContext, Verdict } from '../rotator.js';
import { type Propagation, probeFor, settled } from './propagation.js';

/** How long a key that has ended must be refused, several times in a row, where no propagation is declared. */
const SETTLE_MS = 300;
/** How long one may still be accepted, where none is declared. */
const PATIENCE_MS = 2000;

/** A key that was to end. */
export interface EndedKey {
  readonly id: string;
  readonly ends: KeyEnding;
  readonly probe: () => Awaitable<Verdict>;
  /** Tries AWSPENDING's key in the same way: what refuses that one as well says nothing of the other. */
  readonly probePending: () => Awaitable<Verdict>;
}

/** Whether the provider refuses a key, several times in a row, and goes on to take AWSPENDING's. */
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
    // A share of the time that is left: AWSCURRENT has to move yet.
    propagationMs: Math.min(longest, context.leftMs / 2),
    settleMs: settleMs > 0 ? settleMs : SETTLE_MS,
  };
  return settled('rejected', propagation, probe, context);
}

/** @throws RotationError if the provider refuses AWSPENDING's key, too: a gateway may refuse whoever asks */
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
 * Tries a key that has been revoked: it must be refused, several times in a row. Providers that are declared to end keys
 * late, or only at expiry, get a warning instead, counted as the metric `endedKeyWorks`.
 *
 * @throws RotationError `ERR_KEY_STILL_WORKS`; if the provider could not be asked, what `probe` throws
 */
export async function assertEnded(
  key: EndedKey,
  propagation: Propagation,
  context: StepContext,
): Promise<void> {
  const { id, ends } = key;
  if (ends === 'untried') return;
  const isPatient = ends === 'at-once';
  const message = `the key ${id} was to end with this rotation, and the provider still takes it`;
  let verdict: Verdict;
  try {
    verdict = await verdictOn(key, propagation, context);
  } catch (error) {
    // It is some key’s, only not that of the id: what was revoked is another one.
    const isOfAnother = isRotationError(error) && error.code === 'ERR_SECRET_MALFORMED';
    if (isPatient && !isOfAnother) throw undecided(error, id);
    context.warn(
      `whether the key in AWSPREVIOUS, ${id}, has ended could not be found out: look at the provider`,
      'endedKeyWorks',
    );
    return;
  }
  if (verdict === 'rejected') return assertTakesPending(key, propagation, context);
  if (isPatient) throw new RotationError('ERR_KEY_STILL_WORKS', message, { hint: HINT });
  context.warn(
    `${message}, as it is declared to (${ends}): it ends later by itself, or by hand`,
    'endedKeyWorks',
  );
}

function refusesAll(): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    'the provider refuses the key in AWSPENDING, which it took a moment ago',
    {
      hint:
        'nothing was promoted, and whether the key in AWSPREVIOUS has ended is not known: a gateway may refuse whoever asks, ' +
        'or somebody has ended the new key. The next attempt tries again',
    },
  );
}

const NO_ANSWER = /^ERR_(DEADLINE|TLS_|SERVICE_(UNREACHABLE|TIMEOUT|NOT_FOUND))/;

/** Neither live nor dead. Most likely it is the answer to a dead key, which nobody has seen before. */
function undecided(error: unknown, id: string): unknown {
  if (!isRotationError(error) || NO_ANSWER.test(error.code)) return error;
  const asked = `the key ${id} was ended and is tried: if this is how the provider refuses it, say so (check.dead or login.dead of a spec)`;
  const hint = [asked, error.hint].filter(Boolean).join('; ');
  return new RotationError(error.code, error.message, { hint, cause: error.cause });
}

const HINT =
  'nothing was promoted, and AWSCURRENT works: the next attempt tries again. If the provider ends keys later, or only when ' +
  'they expire, declare that: `ends` of the rotator or spec, or KEYS_END of a ready-made function, as "late" or "at-expiry"; ' +
  '"untried" where a refused use does harm';
