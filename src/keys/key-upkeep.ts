import { isDeepStrictEqual } from 'node:util';
import { RotationError } from '../errors.js';
import type { KeyEnding, LabelledVersion, StepContext, Versions, VersionsContext } from '../rotator.js';
import type { EndedKey } from './ended-key.js';
import type { IssuedKey } from './key-declaration.js';
import type { KeyNames } from './key-names.js';
import { full, holdingsOf, type ListedKey, leftovers, type Scene, spare, warnings } from './key-sweep.js';
import type { Propagation } from './propagation.js';
import { wholeList } from './whole-list.js';

/** How long a provider's list may be out of date, if no propagation is declared. */
const LEAST_PATIENCE_MS = 2000;

/** After a longer wait, the step looks at the labels again. */
const LONG_MS = 1000;

/** Ends the keys that a rotation no longer needs. */
export interface KeyUpkeep<Secret extends object> {
  /** Revokes keys before the next is issued. Without `most`, the provider has just refused to issue one: it is full. */
  makeRoom(current: Secret, context: VersionsContext, most?: number): Promise<void>;
  /** Ends AWSPREVIOUS's key and what attempts have left behind, and checks that the provider refuses the former. */
  sweep(versions: Versions<Secret>, context: VersionsContext): Promise<void>;
}

/** A declaration with its defaults. */
interface Declared<Secret extends object>
  extends Pick<IssuedKey<Secret, never>, 'id' | 'list' | 'revoke' | 'probe' | 'parse'> {
  readonly rotates: readonly string[];
  readonly ends: KeyEnding;
  readonly ownsEveryKey: boolean;
  readonly propagation: Propagation;
  readonly lifetimeOption: string | undefined;
  readonly namesFor: (context: StepContext) => KeyNames;
}

type Pair<Secret> = Pick<Versions<Secret>, 'pending' | 'current'>;

/** Returns the upkeep of a secret's keys at their provider. */
export function keyUpkeep<Secret extends object>(declared: Declared<Secret>): KeyUpkeep<Secret> {
  const { id, list, revoke, probe, parse, rotates, ends, ownsEveryKey, propagation } = declared;
  const { namesFor, lifetimeOption } = declared;
  const patienceMs = Math.max(propagation.propagationMs, LEAST_PATIENCE_MS);
  const keyOf = (secret: Secret): string => String(secret[id]);
  return { makeRoom, sweep };

  async function makeRoom(current: Secret, context: VersionsContext, most?: number): Promise<void> {
    const isExcused = () => isKnownToLinger(context);
    const expected = { id: keyOf(current), label: 'AWSCURRENT', isExcused } as const;
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
        `there are already ${keys.length} keys, more than maxKeys allows (${most}): none was revoked`,
      );
      return;
    }
    for (const key of doomed.slice(0, excess)) await revoke(key, current, context);
  }

  async function sweep({ pending, current }: Versions<Secret>, context: VersionsContext): Promise<void> {
    // Lists the keys before the versions, so that a key stored meanwhile counts as held.
    const keys = await listed({ pending, current }, context);
    const scene = await look(keys, { pending, current }, context);
    // The version that loses its last label now is not the one that this step had to retire.
    if (scene === 'promoted') return;
    for (const warning of warnings(scene, keyOf(pending))) context.warn(warning);
    const { retiring = [] } = scene;
    const doomed = [retiring, leftovers(scene, keyOf(pending))].flat();
    const retired = retiredIn(scene, { pending, current }, context);
    for (const key of new Set(doomed)) {
      try {
        await revoke(key, pending, context);
      } catch (error) {
        // Some providers fail to revoke a key that has ended before. Their refusal of the key itself proves it.
        const isListed = keys.some((listed) => listed.id === key);
        if (isListed || key !== retired?.id || !(await hasEnded(retired, context))) throw error;
      }
    }
    if (retired) await tryRetired(retired, context);
    const fresh = keys.find((key) => key.id === keyOf(pending));
    if (!fresh?.expiresAt) return;
    // Loaded only now: a key that does not expire costs no call.
    const { warnOfEarlyEnd } = await import('./early-end.js');
    await warnOfEarlyEnd(fresh.expiresAt, context, lifetimeOption);
  }

  /** Returns the key to try after its end. A key is retired only if it is of the same server, account and user. */
  function retiredIn(
    { retiring, retired }: Scene,
    { pending, current }: Pair<Secret>,
    context: StepContext,
  ): EndedKey | undefined {
    const old = retiring === undefined ? undefined : parsed(retired);
    // The key of a live version, under an id that somebody has corrected by hand: nothing has ended it.
    if (!old || isSameKey(old, pending) || isSameKey(old, current)) return undefined;
    return {
      ...{ id: keyOf(old), ends },
      probe: () => probe(old, context),
      probePending: () => probe(pending, context),
    };
  }

  async function hasEnded(key: EndedKey, context: StepContext): Promise<boolean> {
    if (key.ends === 'untried') return false;
    const { isRefused } = await import('./ended-key.js');
    try {
      return await isRefused(key, propagation, context);
    } catch {
      return false; // The caller reports the failed revocation.
    }
  }

  async function tryRetired(key: EndedKey, context: StepContext): Promise<void> {
    // Loaded only now: a secret's first rotation ends nothing.
    const { assertEnded } = await import('./ended-key.js');
    const startedAt = performance.now();
    await assertEnded(key, propagation, context);
    // Meanwhile somebody may have given the rotation up.
    if (performance.now() - startedAt > LONG_MS) await context.confirm();
  }

  function isSameKey(a: Secret, b: Secret): boolean {
    const [one, other] = [a, b].map((secret) => {
      return Object.entries(secret).filter(([field]) => field !== id && rotates.includes(field));
    });
    return one !== undefined && one.length > 0 && isDeepStrictEqual(one, other);
  }

  async function listed(
    { pending, current }: Pair<Secret>,
    context: StepContext,
  ): Promise<readonly ListedKey[]> {
    const isExcused = async () => (await probe(current, context)) === 'rejected' || isKnownToLinger(context);
    const expected = [
      { id: keyOf(pending), label: 'AWSPENDING' },
      { id: keyOf(current), label: 'AWSCURRENT', isExcused },
    ] as const;
    return wholeList(() => list(pending, context), expected, patienceMs, context);
  }

  /** Where keys end late, a key that somebody has ended still works, but the list does not show it. */
  function isKnownToLinger(context: StepContext): boolean {
    if (ends !== 'late' && ends !== 'at-expiry') return false;
    context.warn(
      `the list of keys does not show AWSCURRENT’s, which works: somebody has ended it and it ends late (${ends}), or the ` +
        'list is incomplete, and leftovers are not found',
    );
    return true;
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
      return json && parse(json);
    } catch {
      return undefined; // Not a secret of this rotator's: parse() says so by throwing.
    }
  }

  function isSameTarget(...versions: readonly LabelledVersion['json'][]): boolean {
    const [a, b] = versions.map((json) => {
      const fields = Object.entries(parsed(json) ?? {});
      return fields.filter(([field]) => field !== id && !rotates.includes(field));
    });
    return isDeepStrictEqual(a, b);
  }
}
