import { isDeepStrictEqual } from 'node:util';
import { RotationError } from '../errors.js';
import type {
  Awaitable,
  LabelledVersion,
  Rotator,
  StepContext,
  Verdict,
  Versions,
  VersionsContext,
} from '../rotator.js';
import { warnOfEarlyEnd } from './key-lifetime.js';
import { keyNames } from './key-names.js';
import { full, holdingsOf, type ListedKey, leftovers, type Scene, spare, warnings } from './key-sweep.js';
import { probeFor } from './propagation.js';

/** A kind of key that its provider chooses, and shows once. */
export interface IssuedKey<Secret extends object, Field extends keyof Secret & string>
  extends Pick<
    Rotator<Secret, Field>,
    'name' | 'rotates' | 'shows' | 'ownWords' | 'rejectionHint' | 'text' | 'parse'
  > {
  /** The field with the key's id: one that rotates, or one that `parse` derives from those. Messages show it. */
  readonly id: keyof Secret & string;

  /**
   * Makes a key that works beside all others, and returns the rotated fields. `name` is for no other key: leftovers of
   * attempts that failed are found by it. If it may throw with a key in hand, it hides that first: `context.hide`.
   */
  issue(name: string, current: Secret, context: StepContext): Awaitable<Pick<Secret, Field>>;

  /** Lists the keys of the account or user that `secret` names, all pages, whoever made them. */
  list(secret: Secret, context: StepContext): Awaitable<readonly ListedKey[]>;

  /** Ends a key. Succeeds if it is gone, whether or not it was there: it is called again after a failure. */
  revoke(id: string, secret: Secret, context: StepContext): Awaitable<void>;

  /** Makes a harmless call with the key. Throws if it could not find out: a timeout is not a refusal. */
  probe(secret: Secret, context: StepContext): Awaitable<Verdict>;

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
   * there.
   *
   * @default no limit, or one that is far away
   */
  readonly maxKeys?: number;

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
 * Late messages: a key that is issued too late is beside all others, and is discarded or swept. Before it revokes anything
 * it reads the labels anew, so it never revokes a key that a labelled version holds; a revocation that is held back after
 * that ends a key which had lost its last label, or AWSPREVIOUS's as its only one. What remains: somebody who moves
 * AWSCURRENT back to that very version in between gets a dead key.
 *
 * A failure of `list` or `revoke` there fails the step, and the rotation is tried again: after the move nothing is, and a
 * key that nobody could revoke would be forgotten.
 *
 * @throws RangeError for a number that cannot be
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
  const { maxKeys = Number.POSITIVE_INFINITY, propagationMs = 0, lifetimeOption, ...rotator } = rest;
  const namesFor = keyNames(nameLength);
  if (!(maxKeys >= 2)) throw new RangeError('maxKeys must be 2 at least: AWSCURRENT works beside AWSPENDING');
  if (!(propagationMs >= 0)) throw new RangeError('propagationMs must be a number of milliseconds');
  const keyOf = (secret: Secret): string => String(secret[id]);

  return {
    ...rotator,
    shows: [...rotator.shows, id],
    async createSecret(current, context) {
      if (maxKeys < Number.POSITIVE_INFINITY) await makeRoom(current, context);
      return issue(namesFor(context).next(), current, context);
    },
    // The provider knows the key since it issued it.
    setSecret: () => {},
    testSecret: (pending, context) => probeFor(propagationMs, () => probe(pending, context), context),
    finishSecret: sweep,
    async discardSecret(made, current, context) {
      const fresh = { ...current, ...made };
      const key = keyOf(rotator.rotates.some((field) => field === id) ? fresh : rotator.parse({ ...fresh }));
      if (key !== keyOf(current)) await revoke(key, current, context);
    },
  };

  /** Before the next key is issued: a provider that is full would refuse it. */
  async function makeRoom(current: Secret, context: VersionsContext): Promise<void> {
    const keys = await list(current, context);
    const excess = keys.length - maxKeys + 1;
    if (excess <= 0) return;
    const scene = await look(keys, { current }, context);
    if (scene === 'promoted') {
      throw new RotationError('ERR_CURRENT_MOVED', 'another attempt has finished the rotation');
    }
    const doomed = spare(scene, Date.now());
    if (doomed.length < excess) throw full(scene, maxKeys);
    for (const key of doomed.slice(0, excess)) await revoke(key, current, context);
  }

  async function sweep({ pending, current }: Versions<Secret>, context: VersionsContext): Promise<void> {
    // The keys before the versions: what is stored meanwhile is held.
    const keys = await list(pending, context);
    const scene = await look(keys, { pending, current }, context);
    // What loses its last label now is no longer what this step was to retire.
    if (scene === 'promoted') return;
    for (const warning of warnings(scene, keyOf(pending))) context.warn(warning);
    const { retiring = [] } = scene;
    const doomed = [retiring, leftovers(scene, keyOf(pending))].flat();
    for (const key of new Set(doomed)) await revoke(key, pending, context);
    const fresh = keys.find((key) => key.id === keyOf(pending));
    // Only here: a key without an end costs no call.
    if (fresh?.expiresAt) await warnOfEarlyEnd(fresh.expiresAt, context, lifetimeOption);
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
      return fields.filter(([field]) => field !== id && !rotator.rotates.some((name) => name === field));
    });
    return isDeepStrictEqual(a, b);
  }
}
