import { RotationError } from '../errors.js';
import type { Awaitable, Rotator, StepContext, Verdict } from '../rotator.js';
import { assertPropagation, probeFor, settleMsOf } from './propagation.js';

/** A kind of key of which there is one at a time: the call that issues the next ends the one in use. */
export interface ReplacedKey<Secret extends object, Field extends keyof Secret & string>
  extends Pick<
    Rotator<Secret, Field>,
    'name' | 'rotates' | 'shows' | 'ownWords' | 'rejectionHint' | 'text' | 'parse'
  > {
  /** Issues the next key, and returns the rotated fields. Ends AWSCURRENT's at once. */
  replace(current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /** Makes a harmless call with the key. Throws if it could not find out: a timeout is not a refusal. */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Whether `replace` may be called when AWSCURRENT is dead already: with an administrator's key, say. Not where the
   * provider takes a second call for theft, as GitLab does, which then ends the new key too.
   */
  readonly isRepeatable: boolean;

  /** For how long a new key may still be rejected, in milliseconds: testSecret asks again for so long. @default 0 */
  readonly propagationMs?: number;

  /**
   * For how long a new key must be accepted, several times in a row: a first acceptance is one server's. 0: once is enough.
   *
   * @default `propagationMs`, 3000 at most
   */
  readonly settleMs?: number;
}

/**
 * Makes a rotator for providers that cannot do better; where keys can be issued beside others, `issuedKey` does. It breaks
 * the rule that AWSCURRENT works after createSecret, and says so in a warning, each time: whoever reads AWSCURRENT is
 * locked out until finishSecret, and the only live key is lost if the function dies before AWSPENDING is stored.
 *
 * It asks `context.confirm()` right before `replace`. A request that is held back on its way after that still lands, and
 * ends the key of a later rotation: such providers know no way to let go.
 *
 * @throws RangeError for a number that cannot be
 */
export function replacedKey<Secret extends object, Field extends keyof Secret & string>(
  declaration: ReplacedKey<Secret, Field>,
): Rotator<Secret, Field> {
  const { replace, probe, isRepeatable, propagationMs = 0, ...rest } = declaration;
  const { settleMs = settleMsOf(propagationMs), ...rotator } = rest;
  const propagation = { propagationMs, settleMs };
  assertPropagation(propagation);
  return {
    ...rotator,
    async createSecret(current, context) {
      if (!isRepeatable && (await probe(current, context)) === 'rejected') throw spent();
      // A call that comes after a later rotation would end its key.
      if ((await context.confirm()) === 'current') {
        throw new RotationError('ERR_CURRENT_MOVED', 'another attempt has finished the rotation', {
          hint: 'nothing was changed: there is nothing left to do',
        });
      }
      context.warn(isRepeatable ? LOST : `${LOST}, which has to be issued by hand then`);
      return replace(current, context);
    },
    // The provider knows the key since it issued it.
    setSecret: () => {},
    testSecret: (pending, context) => probeFor(propagation, () => probe(pending, context), context),
    // Nothing is discarded and nothing is swept: what an attempt has made is the only key that lives.
  };
}

const LOST =
  'the provider ends the key in AWSCURRENT when it issues the next: its readers are locked out until finishSecret, and if ' +
  'the function dies now, or two attempts run at once, no version holds the live key';

function spent(): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    'the key in AWSCURRENT is dead, and the provider does not stand a second call',
    {
      hint:
        'most likely an earlier attempt has replaced it and could not store the next: issue a key by hand, store it with ' +
        'PutSecretValue, then rotate again',
    },
  );
}
