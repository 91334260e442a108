import { abandoned } from '../engine/checks.js';
import { quoted, RotationError } from '../errors.js';
import type { LabelledVersion } from '../rotator.js';
import type { KeyNames } from './key-names.js';

/** Key in a provider's list, without the key itself. */
export interface ListedKey {
  /** Id, as in the field {@link IssuedKey.id} of the secret. */
  readonly id: string;
  /** Name that `issue` gave the key. @default keys have no names */
  readonly name?: string | undefined;
  /** When the provider created the key, by its own clock. */
  readonly createdAt: Date;
  /**
   * When the key expires. finishSecret warns if that is before the rotation after the next, and counts the metric
   * `keyEndsEarly`. It also warns of an invalid Date: return one if you cannot read the expiry.
   *
   * @default never
   */
  readonly expiresAt?: Date | undefined;
}

/** Most ids in a message. */
const MOST_TOLD = 50;

/** No Lambda runs longer: an attempt has stored an older key, or never will. */
const LONGEST_RUN_MS = 900_000;

/** What the labelled versions of a secret hold during a rotation. */
export interface Holdings {
  /** Ids of keys that must live: AWSPENDING's, AWSCURRENT's, and those of versions that keep a label. */
  readonly held: ReadonlySet<string>;
  /** Id of the key in AWSPREVIOUS, if that is its version's only label and certainly no other version holds the key. */
  readonly retiring: string | undefined;
  /** Value of AWSPREVIOUS. */
  readonly retired: LabelledVersion['json'];
  /** Versions with an unknown key, because their value is not a secret of this rotator. */
  readonly unknown: readonly string[];
  /** Version that is about to lose its last label, if its key is unknown or belongs to another server, account or user. */
  readonly forgotten: string | undefined;
}

/** Ids at the beginning of a step. */
interface Begun {
  readonly ClientRequestToken: string;
  readonly currentKey: string;
  readonly pendingKey?: string;
}

/**
 * Returns which keys the versions hold.
 *
 * @param keyIn returns the id in the JSON of a version; `undefined` if it is not a secret of this rotator
 * @param isSameTarget returns whether two versions are for the same server, account and user: elsewhere the same id may be
 *   another owner's key
 * @returns `'promoted'` if another attempt has finished the rotation
 * @throws {@link RotationError} if the labels have moved in another way: the step could destroy a key in use
 */
export function holdingsOf(
  versions: readonly LabelledVersion[],
  { ClientRequestToken, currentKey, pendingKey = currentKey }: Begun,
  keyIn: (json: LabelledVersion['json']) => string | undefined,
  isSameTarget: (a: LabelledVersion['json'], b: LabelledVersion['json']) => boolean,
): Holdings | 'promoted' {
  const known = versions.map((version) => ({ ...version, key: keyIn(version.json) }));
  const own = known.find(({ id }) => id === ClientRequestToken);
  const current = known.find(({ labels }) => labels.includes('AWSCURRENT'));
  if (own && own === current) return 'promoted';
  if (!own?.labels.includes('AWSPENDING')) throw abandoned(ClientRequestToken);
  if (current?.key !== currentKey) {
    throw new RotationError('ERR_CURRENT_MOVED', 'AWSCURRENT moved to another version during the step');
  }
  const previous = known.find(({ labels }) => labels.length === 1 && labels[0] === 'AWSPREVIOUS');
  const kept = known.filter((version) => version !== previous);
  const held = new Set([currentKey, pendingKey, ...kept.flatMap(({ key }) => key ?? [])]);
  // AWSPENDING has no value until createSecret has stored one.
  const unknown = kept
    .filter(({ id, key }) => key === undefined && id !== ClientRequestToken)
    .map(({ id }) => id);
  const isKnown = previous?.key !== undefined && isSameTarget(previous.json, current.json);
  const key = isKnown && unknown.length === 0 ? previous?.key : undefined;
  const retiring = key !== undefined && held.has(key) ? undefined : key;
  return { held, retiring, retired: previous?.json, unknown, forgotten: isKnown ? undefined : previous?.id };
}

/** What a step knows when it sweeps. */
export interface Scene extends Holdings {
  readonly keys: readonly ListedKey[];
  readonly names: KeyNames;
  readonly currentKey: string;
  /** As declared: {@link IssuedKey.ownsEveryKey}. */
  readonly ownsEveryKey: boolean;
}

/**
 * Returns the keys that no attempt can still store: of this rotation all but AWSPENDING's, of others those older than
 * AWSPENDING's. A newer key may belong to a later rotation that has not stored it yet.
 */
export function leftovers(scene: Scene, pendingKey: string): readonly string[] {
  const pending = scene.keys.find(({ id }) => id === pendingKey);
  return strays(scene)
    .filter(
      ({ name, createdAt }) =>
        scene.names.isOfThisRotation(name) || (pending !== undefined && createdAt < pending.createdAt),
    )
    .map(({ id }) => id);
}

/** Returns the keys that createSecret may revoke to make room, in this order. */
export function spare(scene: Scene, now: number): readonly string[] {
  const previous = scene.keys.filter(({ id }) => id === scene.retiring);
  const old = strays(scene).filter(({ createdAt }) => now - createdAt.getTime() > LONGEST_RUN_MS);
  return [...new Set([...previous, ...old].map(({ id }) => id))];
}

/** Returns the keys that rotations of this secret have made and that no version holds. */
function strays({ keys, held, unknown, names, ownsEveryKey, currentKey }: Scene): readonly ListedKey[] {
  const current = keys.find(({ id }) => id === currentKey);
  return keys.filter(({ id, name, createdAt }) => {
    if (held.has(id)) return false;
    // A malformed version may hold any key except one of this rotation.
    if (unknown.length > 0) return names.isOfThisRotation(name);
    if (!ownsEveryKey) return names.isOfThisSecret(name);
    return current !== undefined && createdAt >= current.createdAt;
  });
}

/** Returns the error for a full provider where nothing may be revoked. */
export function full({ keys, held, unknown, ownsEveryKey }: Scene, maxKeys?: number): RotationError {
  const [ids, holds] = [quoted(some(keys.map(({ id }) => id))), some([...held])];
  const isRecognised = ownsEveryKey || keys.some(({ name }) => name !== undefined);
  const unread =
    unknown.length > 0 ? `; version ${unknown.join(', ')} is malformed and may hold another` : '';
  const of = maxKeys === undefined ? 'the provider has' : `the limit is ${maxKeys}, and there are`;
  return new RotationError('ERR_SERVICE_FULL', `no room for another key: ${of} ${ids}`, {
    hint:
      `revoke a key that nobody uses. Do not revoke those in the secret’s versions: ${holds}${unread}` +
      (isRecognised
        ? '. Once the leftover of a failed attempt is 15 minutes old, the next attempt revokes it'
        : ''),
  });
}

/** Joins ids, as many as a person can read. */
function some(ids: readonly string[]): string {
  const more = ids.length - MOST_TOLD;
  return ids.slice(0, MOST_TOLD).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Yields warnings of keys that a sweep does not find. */
export function* warnings(
  { unknown, forgotten, keys, ownsEveryKey }: Scene,
  pendingKey: string,
): Generator<string> {
  if (forgotten !== undefined) {
    yield `version ${forgotten} (AWSPREVIOUS) is malformed, or is for another place or user than AWSCURRENT: if it has a live ` +
      'key, revoke that by hand';
  }
  if (unknown.length > 0) {
    yield `no key of an earlier rotation was revoked, because version ${unknown.join(', ')} is malformed and may hold one`;
  }
  const pending = keys.find(({ id }) => id === pendingKey);
  if (pending && pending.name === undefined && !ownsEveryKey) {
    yield 'list() returns no name for the key in AWSPENDING: the rotator does not find what failed attempts leave behind';
  }
}
