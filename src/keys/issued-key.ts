import { isRotationError, RotationError } from '../errors.js';
import type { Rotator, StepContext } from '../rotator.js';
import type { IssuedKey } from './key-declaration.js';
import { checkedKeyEnding } from './key-ending.js';
import { parserOf } from './key-id.js';
import { keyNames } from './key-names.js';
import type { KeyUpkeep } from './key-upkeep.js';
import { assertPropagation, probeFor, settleMsOf } from './propagation.js';

export type { IssuedKey, KeyTimes } from './key-declaration.js';

/**
 * Makes a rotator for keys that the provider chooses and shows once. AWSCURRENT and AWSPREVIOUS stay live, and the key
 * before them is revoked at the end of a rotation. No crash, retry or race strands a live key or kills one in use: what
 * attempts leave behind is found by its name, and revoked in finishSecret, of this rotation or the next.
 *
 * Before createSecret makes or revokes anything, AWSCURRENT's key is tried: if it is dead, nothing is changed and the step
 * fails. Whoever may write the secret gets a key only if he has one that works; that it is of the account or user whose
 * next one is made, `probe` has to see.
 *
 * Late messages: a key that is issued too late is beside all others, and is discarded or swept. Before it revokes anything
 * it reads the labels anew, so it never revokes a key that a labelled version holds; a revocation that is held back after
 * that ends a key which had lost its last label, or AWSPREVIOUS's as its only one. What remains: somebody who moves
 * AWSCURRENT back to that very version in between gets a dead key.
 *
 * What finishSecret has ended is tried afterwards, where AWSPREVIOUS holds its value: a key that still works fails the step,
 * unless `ends` says that the provider ends keys late, only at expiry, or must not be asked.
 *
 * A failure of `list` or `revoke` there fails the step, and the rotation is tried again: after the move nothing is, and a
 * key that nobody could revoke would be forgotten.
 *
 * @throws RangeError for a number that cannot be
 * @throws TypeError if the id is the key
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { desk } from './desk.js'; // issuedKey({ name, rotates, shows, parse, id, issue, list, revoke, probe })
 *
 * export const handler = rotationHandler(desk());
 * ```
 */
export function issuedKey<Secret extends object, Field extends keyof Secret & string>(
  declaration: IssuedKey<Secret, Field>,
): Rotator<Secret, Field> {
  const { id, issue, list, revoke, probe, nameLength = 100, ownsEveryKey = false, ...rest } = declaration;
  const { issuesWithItsOwnKey = () => false, deadKey = noLongerLive, ...more } = rest;
  const { maxKeys = Number.POSITIVE_INFINITY, propagationMs = 0, lifetimeOption, ...further } = more;
  const { settleMs = settleMsOf(propagationMs), ...declared } = further;
  const propagation = { propagationMs, settleMs };
  const rotator = { ...declared, parse: parserOf(declared, id) };
  const namesFor = keyNames(nameLength);
  if (maxKeys !== 'until-full' && !(maxKeys >= 2)) {
    throw new RangeError("maxKeys must be 2 at least, or 'until-full': AWSCURRENT works beside AWSPENDING");
  }
  assertPropagation(propagation);
  const ends = checkedKeyEnding(declared.ends) ?? 'at-once';
  const keyOf = (secret: Secret): string => String(secret[id]);

  return {
    ...rotator,
    shows: [...rotator.shows, id],
    async createSecret(current, context) {
      const isLimited = maxKeys !== 'until-full' && maxKeys < Number.POSITIVE_INFINITY;
      const isProven = isLimited || !issuesWithItsOwnKey(current);
      if (isProven) await assertLive(current, context);
      if (isLimited) await (await upkeep()).makeRoom(current, context, maxKeys);
      try {
        return await issue(namesFor(context).next(), current, context);
      } catch (error) {
        if (maxKeys !== 'until-full' || !isRotationError(error) || error.code !== 'ERR_SERVICE_FULL')
          throw error;
      }
      if (!isProven) await assertLive(current, context);
      await (await upkeep()).makeRoom(current, context);
      return issue(namesFor(context).next(), current, context);
    },
    // The provider knows the key since it issued it.
    setSecret: () => {},
    testSecret: (pending, context) => probeFor(propagation, () => probe(pending, context), context),
    finishSecret: async (versions, context) => (await upkeep()).sweep(versions, context),
    async discardSecret(made, current, context) {
      const fresh = { ...current, ...made };
      const isRotated = rotator.rotates.some((field) => field === id);
      const key = keyOf(isRotated ? fresh : rotator.parse({ ...fresh }));
      if (key !== keyOf(current)) await revoke(key, current, context);
    },
  };

  /** Loaded when it is needed: a cold start does without. */
  async function upkeep(): Promise<KeyUpkeep<Secret>> {
    const { keyUpkeep } = await import('./key-upkeep.js');
    const { parse, rotates, mayRotate = [] } = rotator;
    const calls = { list, revoke, probe, parse, rotates, mayRotate };
    return keyUpkeep({ ...calls, id, ends, namesFor, ownsEveryKey, propagation, lifetimeOption });
  }

  /** Somebody else's right makes the next key, and whoever may write the secret says whose: he must have one that works. */
  async function assertLive(current: Secret, context: StepContext): Promise<void> {
    if ((await probe(current, context)) === 'rejected') throw deadKey(current);
  }
}

function noLongerLive(): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', 'the provider rejects the key in AWSCURRENT', {
    hint:
      'nothing was changed: no key is made for a secret whose own does not work. Make one by hand, store it with ' +
      'PutSecretValue, then rotate again',
  });
}
