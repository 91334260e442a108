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
 * Makes a rotator for keys that the provider chooses and shows once. The keys of AWSCURRENT and AWSPREVIOUS stay live, and
 * finishSecret revokes the key before those two. No crash, retry or race strands a live key or kills one in use: finishSecret of
 * this rotation or the next finds the keys that attempts leave behind, by their names, and revokes them.
 *
 * createSecret tries AWSCURRENT's key before it makes or revokes anything, and fails without a change if that key is dead. So
 * anyone who can write the secret gets a new key only for one that works. {@link IssuedKey.probe} must check that it belongs to
 * the account or user for which the next key is made.
 *
 * Late requests: a key that is issued late harms no other key; the rotator discards or sweeps it. The rotator reads the labels
 * right before it revokes, so it never revokes a key that a labelled version holds. A revocation that reaches the
 * provider late can end only a key without a label, or one whose only label is AWSPREVIOUS. If somebody moves AWSCURRENT back to
 * that version in the meantime, the key in use is dead.
 *
 * finishSecret tries the key that it ended if AWSPREVIOUS holds its value. A key that still works fails the step, unless
 * {@link KeyTimes.ends} declares that the provider ends keys late or only at expiry, or that an ended key must not be tried.
 *
 * If `list` or `revoke` fails in finishSecret, the step fails before AWSCURRENT moves, and Secrets Manager tries the rotation
 * again. After the move it would not try again, and nobody would revoke the key.
 *
 * @throws RangeError if a number is out of range
 * @throws TypeError if the id is the only field that rotates, because it is then the key
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
    throw new RangeError("maxKeys must be at least 2, or 'until-full': AWSCURRENT works beside AWSPENDING");
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
    // Nothing to install: the provider issued the key.
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

  /** Loaded only when needed, for a faster cold start. */
  async function upkeep(): Promise<KeyUpkeep<Secret>> {
    const { keyUpkeep } = await import('./key-upkeep.js');
    const { parse, rotates, mayRotate = [] } = rotator;
    const calls = { list, revoke, probe, parse, rotates, mayRotate };
    return keyUpkeep({ ...calls, id, ends, namesFor, ownsEveryKey, propagation, lifetimeOption });
  }

  /** An administrator's right makes the next key, for the user in the secret: whoever wrote that must have a working key. */
  async function assertLive(current: Secret, context: StepContext): Promise<void> {
    if ((await probe(current, context)) === 'rejected') throw deadKey(current);
  }
}

function noLongerLive(): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', 'the provider rejects the key in AWSCURRENT', {
    hint:
      'nothing was changed: a new key needs a working one in the secret. Make a key by hand, store it with PutSecretValue, ' +
      'then rotate again',
  });
}
