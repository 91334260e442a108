import { isRotationError, RotationError } from '../errors.js';
import type { Awaitable, KeyEnding, StepContext, Verdict } from '../rotator.js';
import { type Propagation, settled } from './propagation.js';

/** How long a key that has ended must be refused, several times in a row, where no propagation is declared. */
const SETTLE_MS = 300;
/** How long one may still be accepted, where none is declared. */
const PATIENCE_MS = 2000;

/** A key that was to end. */
export interface EndedKey {
  readonly id: string;
  readonly ends: KeyEnding;
  readonly probe: () => Awaitable<Verdict>;
}

/**
 * Tries a key that has been revoked: it must be refused, several times in a row. Providers that are declared to end keys
 * late, or only at expiry, get a warning instead, counted as the metric `endedKeyWorks`.
 *
 * @throws RotationError `ERR_KEY_STILL_WORKS`; if the provider could not be asked, what `probe` throws
 */
export async function assertEnded(
  { id, ends, probe }: EndedKey,
  { propagationMs, settleMs }: Propagation,
  context: StepContext,
): Promise<void> {
  if (ends === 'untried') return;
  const isPatient = ends === 'at-once';
  const longest = isPatient ? Math.max(propagationMs, PATIENCE_MS) : 0;
  const propagation = {
    // A share of the time that is left: AWSCURRENT has to move yet.
    propagationMs: Math.min(longest, context.leftMs / 2),
    settleMs: settleMs > 0 ? settleMs : SETTLE_MS,
  };
  const message = `the key ${id} was to end with this rotation, and the provider still takes it`;
  try {
    if ((await settled('rejected', propagation, probe, context)) === 'rejected') return;
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
  if (isPatient) throw new RotationError('ERR_KEY_STILL_WORKS', message, { hint: HINT });
  context.warn(
    `${message}, as it is declared to (${ends}): it ends later by itself, or by hand`,
    'endedKeyWorks',
  );
}

const NO_ANSWER = /^ERR_(DEADLINE|TLS_|SERVICE_(UNREACHABLE|TIMEOUT|NOT_FOUND))/;

/** Neither live nor dead. Most likely it is the answer to a dead key, which nobody has seen before. */
function undecided(error: unknown, id: string): unknown {
  if (!isRotationError(error) || NO_ANSWER.test(error.code)) return error;
  const asked = `the key ${id} was ended and is tried: if this is how the provider refuses it, say so (check.dead of a spec)`;
  const hint = [asked, error.hint].filter(Boolean).join('; ');
  return new RotationError(error.code, error.message, { hint, cause: error.cause });
}

const HINT =
  'nothing was promoted, and AWSCURRENT works: the next attempt tries again. If the provider ends keys later, or only when ' +
  'they expire, declare that: `ends` of the rotator or spec, or KEYS_END of a ready-made function, as "late" or "at-expiry"; ' +
  '"untried" where a refused use does harm';
