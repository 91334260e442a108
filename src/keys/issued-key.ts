import { isDeepStrictEqual } from 'node:util';
import { isRotationError, RotationError } from '../errors.js';
import type {
  Awaitable,
  LabelledVersion,
  Rotator,
  StepContext,
  Verdict,
  Versions,
  VersionsContext,
} from '../rotator.js';
import { parserOf } from './key-id.js';
import { keyNames } from './key-names.js';
import { full, holdingsOf, type ListedKey, leftovers, type Scene, spare, warnings } from './key-sweep.js';
import { probeFor } from './propagation.js';
import { wholeList } from './whole-list.js';

/** How long a provider may take to tell itself what it knows, where that is not declared. */
const LEAST_PATIENCE_MS = 2000;

/** A kind of key that its provider chooses, and shows once. */
export interface IssuedKey<Secret extends object, Field extends keyof Secret & string>
  extends Pick<Rotator<Secret, Field>, 'name' | 'rotates' | 'shows' | 'rejectionHint' | 'text' | 'parse'> {
  /** The field with the key's id: one that rotates, or one that `parse` derives from those. Messages show it. */
  readonly id: keyof Secret & string;

  /**
   * Makes a key that works beside all others, and returns the rotated fields. `name` is for no other key: leftovers of
   * attempts that failed are found by it. If it may throw with a key in hand, it hides that first: `context.hide`.
   */
  issue(name: string, current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /**
   * Lists the keys of the account or user that `secret` names, all pages, whoever made them. A list that does not show the
   * keys of AWSPENDING and AWSCURRENT is asked for again, and then is an error.
   */
  list(secret: Secret, context: StepContext): Awaitable<readonly ListedKey[]>;

  /** Ends a key. Succeeds if it is gone, whether or not it was there: it is called again after a failure. */
  revoke(id: string, secret: Secret, context: StepContext): Awaitable<void>;

  /**
   * Makes a harmless call with the key. Throws if it could not find out: a timeout is not a refusal. If the answer tells
   * whose key it is, it throws as well for one of another account or user than `secret` names.
   */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

  /**
   * Whether AWSCURRENT's key is all that authorises `issue`, so that a dead one makes no other. Then createSecret does not
   * ask `probe` first. Never say so of an administrator's key, or of the function's own role. With `maxKeys` it is asked
   * all the same: room is made before `issue` proves anything.
   *
   * @default false
   */
  issuesWithItsOwnKey?(current: Secret): boolean;

  /** What createSecret throws if AWSCURRENT's key is dead: an `ERR_CREDENTIAL_REJECTED` that names the user, say. */
  deadKey?(current: Secret): RotationError;

  /** The longest name that the provider takes, 40 at least. Never to be changed later. @default 100 */
  readonly nameLength?: number;

  /**
   * That keys have no names, and that all which `list` returns are this secret's, on a user of its own. Then a key that
   * no version holds, and that is not older than AWSCURRENT's, is taken for a leftover.
   *
   * @default false
   */
  readonly ownsEveryKey?: boolean;

  /**
   * How many keys may be live at once, 2 at least: room for the next is then made in createSecret, and AWSPREVIOUS ends
   * there. `'until-full'` where only the provider knows: when `issue` throws `ERR_SERVICE_FULL`, room is made, and it is
   * called once more.
   *
   * @default no limit, or one that is far away
   */
  readonly maxKeys?: number | 'until-full';

  /** For how long a new key may still be rejected, in milliseconds: testSecret asks again for so long. @default 0 */
  readonly propagationMs?: number;

  /** Names what sets how long a new key lives. The warning about a key that ends too early quotes it. */
  readonly lifetimeOption?: string;
}

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
  const { maxKeys = Number.POSITIVE_INFINITY, propagationMs = 0, lifetimeOption, ...declared } = more;
  const rotator = { ...declared, parse: parserOf(declared, id) };
  const patienceMs = Math.max(propagationMs, LEAST_PATIENCE_MS);
  const namesFor = keyNames(nameLength);
  if (maxKeys !== 'until-full' && !(maxKeys >= 2)) {
    throw new RangeError("maxKeys must be 2 at least, or 'until-full': AWSCURRENT works beside AWSPENDING");
  }
  if (!(propagationMs >= 0)) throw new RangeError('propagationMs must be a number of milliseconds');
  const keyOf = (secret: Secret): string => String(secret[id]);
  const isRotated = (name: string): boolean => rotator.rotates.some((field) => field === name);

  return {
    ...rotator,
    shows: [...rotator.shows, id],
    async createSecret(current, context) {
      const isLimited = maxKeys !== 'until-full' && maxKeys < Number.POSITIVE_INFINITY;
      const isProven = isLimited || !issuesWithItsOwnKey(current);
      if (isProven) await assertLive(current, context);
      if (isLimited) await makeRoom(current, context, maxKeys);
      try {
        return await issue(namesFor(context).next(), current, context);
      } catch (error) {
        if (maxKeys !== 'until-full' || !isRotationError(error) || error.code !== 'ERR_SERVICE_FULL')
          throw error;
      }
      if (!isProven) await assertLive(current, context);
      await makeRoom(current, context);
      return issue(namesFor(context).next(), current, context);
    },
    // The provider knows the key since it issued it.
    setSecret: () => {},
    testSecret: (pending, context) => probeFor(propagationMs, () => probe(pending, context), context),
    finishSecret: sweep,
    async discardSecret(made, current, context) {
      const fresh = { ...current, ...made };
      const key = keyOf(isRotated(id) ? fresh : rotator.parse({ ...fresh }));
      if (key !== keyOf(current)) await revoke(key, current, context);
    },
  };

  /** Somebody else's right makes the next key, and whoever may write the secret says whose: he must have one that works. */
  async function assertLive(current: Secret, context: StepContext): Promise<void> {
    if ((await probe(current, context)) === 'rejected') throw deadKey(current);
  }

  /** Before the next key is issued. Without `most`, the provider has refused it: it is full. */
  async function makeRoom(current: Secret, context: VersionsContext, most?: number): Promise<void> {
    const expected = { id: keyOf(current), label: 'AWSCURRENT' } as const;
    const keys = await wholeList(() => list(current, context), [expected], patienceMs, context);
    const excess = most === undefined ? 1 : keys.length - most + 1;
    if (excess <= 0) return;
    const scene = await look(keys, { current }, context);
    if (scene === 'promoted') {
      throw new RotationError('ERR_CURRENT_MOVED', 'another attempt has finished the rotation');
    }
    const doomed = spare(scene, Date.now());
    if (doomed.length < excess && excess === 1) throw full(scene, most);
    if (doomed.length < excess) {
      context.warn(
        `there are ${keys.length} keys already, more than maxKeys allows (${most}): no room was made`,
      );
      return;
    }
    for (const key of doomed.slice(0, excess)) await revoke(key, current, context);
  }

  async function sweep({ pending, current }: Versions<Secret>, context: VersionsContext): Promise<void> {
    // The keys before the versions: what is stored meanwhile is held.
    const keys = await listed({ pending, current }, context);
    const scene = await look(keys, { pending, current }, context);
    // What loses its last label now is no longer what this step was to retire.
    if (scene === 'promoted') return;
    for (const warning of warnings(scene, keyOf(pending))) context.warn(warning);
    const { retiring = [] } = scene;
    const doomed = [retiring, leftovers(scene, keyOf(pending))].flat();
    for (const key of new Set(doomed)) await revoke(key, pending, context);
    const fresh = keys.find((key) => key.id === keyOf(pending));
    if (!fresh?.expiresAt) return;
    // Only here: a key without an end costs no call, and loads nothing.
    const { warnOfEarlyEnd } = await import('./early-end.js');
    await warnOfEarlyEnd(fresh.expiresAt, context, lifetimeOption);
  }

  function listed(
    { pending, current }: Pick<Versions<Secret>, 'pending' | 'current'>,
    context: StepContext,
  ): Promise<readonly ListedKey[]> {
    const isDead = async () => (await probe(current, context)) === 'rejected';
    const expected = [
      { id: keyOf(pending), label: 'AWSPENDING' },
      { id: keyOf(current), label: 'AWSCURRENT', isDead },
    ] as const;
    return wholeList(() => list(pending, context), expected, patienceMs, context);
  }

  async function look(
    keys: readonly ListedKey[],
    { current, pending = current }: { readonly current: Secret; readonly pending?: Secret },
    context: VersionsContext,
  ): Promise<Scene | 'promoted'> {
    const begun = {
      ClientRequestToken: context.token,
      currentKey: keyOf(current),
      pendingKey: keyOf(pending),
    };
    const holdings = holdingsOf(await context.readVersions(), begun, keyIn, isSameTarget);
    if (holdings === 'promoted') return holdings;
    return { ...holdings, ...begun, keys, names: namesFor(context), ownsEveryKey };
  }

  function keyIn(json: LabelledVersion['json']): string | undefined {
    const secret = parsed(json);
    return secret && keyOf(secret);
  }

  function parsed(json: LabelledVersion['json']): Secret | undefined {
    try {
      return json && rotator.parse(json);
    } catch {
      return undefined; // Not a secret of this rotator's: parse() says so by throwing.
    }
  }

  function isSameTarget(...versions: readonly LabelledVersion['json'][]): boolean {
    const [a, b] = versions.map((json) => {
      const fields = Object.entries(parsed(json) ?? {});
      return fields.filter(([field]) => field !== id && !isRotated(field));
    });
    return isDeepStrictEqual(a, b);
  }
}

function noLongerLive(): RotationError {
  return new RotationError('ERR_CREDENTIAL_REJECTED', 'the provider rejects the key in AWSCURRENT', {
    hint:
      'nothing was changed: no key is made for a secret whose own does not work. Make one by hand, store it with ' +
      'PutSecretValue, then rotate again',
  });
}
