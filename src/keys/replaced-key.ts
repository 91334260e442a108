import { RotationError } from '../errors.js';
import type { Awaitable, Rotator, StepContext, Verdict } from '../rotator.js';
import { assertPropagation, probeFor, settleMsOf } from './propagation.js';

/**
 * Declaration of a kind of key for the argument of {@link replacedKey}. Only one key is live: the call that issues the next
 * ends the one in use.
 */
export interface ReplacedKey<Secret extends object, Field extends keyof Secret & string>
  extends Pick<
    Rotator<Secret, Field>,
    'name' | 'rotates' | 'shows' | 'ownWords' | 'rejectionHint' | 'text' | 'parse'
  > {
  /** Issues the next key, which ends AWSCURRENT's at once, and returns the rotated fields. */
  replace(current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Makes a harmless call with the key, and returns whether the provider accepted it. Must throw if it could not find out: a
   * timeout is not a refusal.
   */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Whether the rotator may call `replace` when AWSCURRENT's key is already dead, for example with an administrator's key. Set
   * false if the provider treats a second call as theft, as GitLab does, which then ends the new key too.
   */
  readonly isRepeatable: boolean;

  /** How long the provider may still reject a new key, in milliseconds; testSecret keeps asking meanwhile. @default 0 */
  readonly propagationMs?: number;

  /**
   * How long the provider must accept a new key, several times in a row, in milliseconds: the first answer comes from one of
   * its servers. With 0, one answer is enough.
   *
   * @default `propagationMs`, at most 3000
   */
  readonly settleMs?: number;
}

/**
 * Makes a rotator for a provider whose call for the next key ends the one in use. Use {@link issuedKey} if the provider can
 * issue a key beside the others.
 *
 * It breaks the rule that AWSCURRENT works after createSecret, and warns of that in each rotation. Readers of AWSCURRENT are
 * locked out until finishSecret, and the only live key is lost if the function dies before it stores AWSPENDING.
 *
 * It calls {@link StepContext.confirm} right before `replace`. A request that is held up after that still arrives, and ends
 * the key of a later rotation: such a provider offers no protection.
 *
 * @throws RangeError if a number is out of range
 *
 * @example
 * ```ts
 * const hatch = () =>
 *   replacedKey({
 *     name: 'hatch',
 *     rotates: ['key'],
 *     shows: ['user'],
 *     parse: (json: Json) => ({ user: stringField(json, 'user'), key: stringField(json, 'key') }),
 *     replace: async ({ user, key }) => ({ key: await provider.replace(user, key) }),
 *     probe: async ({ user, key }) => ((await provider.accepts(user, key)) ? 'accepted' : 'rejected'),
 *     isRepeatable: false,
 *   });
 * ```
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
      // After a later rotation, the call would end that rotation's key.
      if ((await context.confirm()) === 'current') {
        throw new RotationError('ERR_CURRENT_MOVED', 'another attempt has finished the rotation', {
          hint: 'nothing was changed; there is nothing to do',
        });
      }
      context.warn(isRepeatable ? LOST : `${LOST}; you must then issue a key by hand`);
      return replace(current, context);
    },
    // Nothing to install: the provider issued the key.
    setSecret: () => {},
    testSecret: (pending, context) => probeFor(propagation, () => probe(pending, context), context),
    // No discardSecret and no sweep: what an attempt has made is the only live key.
  };
}

const LOST =
  'the provider ends the key in AWSCURRENT when it issues the next. Readers of AWSCURRENT are locked out until finishSecret. ' +
  'If the function dies now, or two attempts run at once, no version holds the live key';

function spent(): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_REJECTED',
    'the key in AWSCURRENT is dead, and the provider does not allow a second call for the next key',
    {
      hint:
        'most likely an earlier attempt replaced it and could not store the next. Issue a key by hand, store it with ' +
        'PutSecretValue, then rotate again',
    },
  );
}
