import { abandoned } from '../engine/checks.js';
import { quoted, RotationError } from '../errors.js';
import type { LabelledVersion } from '../rotator.js';
import type { KeyNames } from './key-names.js';

/** A key as the provider lists it: anything but the key itself. */
export interface ListedKey {
  readonly id: string;
  readonly name?: string | undefined;
  /** By the provider's clock. */
  readonly createdAt: Date;
  /**
   * When the key ends by itself. finishSecret warns if that is before the rotation after the next, and counts it as the
   * metric `keyEndsEarly`. An invalid Date, for an end that cannot be read, is a warning too.
   *
   * @default never
   */
  readonly expiresAt?: Date | undefined;
}

/** Of ids in a message. */
const MOST_TOLD = 50;

/** No Lambda runs longer: whoever made an older key has stored it, or never will. */
const LONGEST_RUN_MS = 900_000;

/** What the labelled versions of a secret hold while a rotation is under way. */
export interface Holdings {
  /** The ids of keys that must live: of AWSPENDING's, AWSCURRENT's, and those of versions that keep a label. */
  readonly held: ReadonlySet<string>;
  /** The id of the key in AWSPREVIOUS, if that is its version's only label, and certainly no other version holds it. */
  readonly retiring: string | undefined;
  /** What that version holds. */
  readonly retired: LabelledVersion['json'];
  /** The versions whose key is not known, since their value is not one of this rotator's. */
  readonly unknown: readonly string[];
  /** The version that is about to lose its last label, if what it holds is not known, or is a key of elsewhere. */
  readonly forgotten: string | undefined;
}

/** The ids that a step has begun with. */
interface Begun {
  readonly ClientRequestToken: string;
  readonly currentKey: string;
  readonly pendingKey?: string;
}

/**
 * Tells which keys are held.
 *
 * @param keyIn the id in the JSON of a version; `undefined` if it is not a secret of this rotator's
 * @param isSameTarget whether the JSON of two versions is for one server, account and user: elsewhere the same id may be a
 *   stranger's key
 * @returns `'promoted'` if another attempt has finished the rotation meanwhile
 * @throws RotationError if the labels have moved otherwise since the step began: what it would destroy may be in use
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

/** What is known when a step sweeps. */
export interface Scene extends Holdings {
  readonly keys: readonly ListedKey[];
  readonly names: KeyNames;
  readonly currentKey: string;
  /** Keys have no names, and all that are listed are this secret's. */
  readonly ownsEveryKey: boolean;
}

/**
 * What no attempt can store any more: of this rotation, every key but AWSPENDING's; of earlier ones, those that are older
 * than AWSPENDING's. A newer one may be of a later rotation, which has not stored it yet.
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

/** The keys that can go before AWSPENDING has one, in the order in which they go. */
export function spare(scene: Scene, now: number): readonly string[] {
  const previous = scene.keys.filter(({ id }) => id === scene.retiring);
  const old = strays(scene).filter(({ createdAt }) => now - createdAt.getTime() > LONGEST_RUN_MS);
  return [...new Set([...previous, ...old].map(({ id }) => id))];
}

/** The keys that attempts at rotations of this secret have made, and that no version holds. */
function strays({ keys, held, unknown, names, ownsEveryKey, currentKey }: Scene): readonly ListedKey[] {
  const current = keys.find(({ id }) => id === currentKey);
  return keys.filter(({ id, name, createdAt }) => {
    if (held.has(id)) return false;
    // A version that cannot be read may hold any key but one of this rotation's.
    if (unknown.length > 0) return names.isOfThisRotation(name);
    if (!ownsEveryKey) return names.isOfThisSecret(name);
    return current !== undefined && createdAt >= current.createdAt;
  });
}

/** There is no room, and nothing that could go. */
export function full({ keys, held, unknown, ownsEveryKey }: Scene, maxKeys?: number): RotationError {
  const [ids, holds] = [quoted(some(keys.map(({ id }) => id))), some([...held])];
  const isRecognised = ownsEveryKey || keys.some(({ name }) => name !== undefined);
  const unread = unknown.length > 0 ? `, and what version ${unknown.join(', ')} holds cannot be read` : '';
  const of = maxKeys === undefined ? 'the provider has' : `of ${maxKeys} there are`;
  return new RotationError('ERR_SERVICE_FULL', `no room for another key: ${of} ${ids}`, {
    hint:
      `revoke one that nobody uses; the versions of the secret hold ${holds}${unread}` +
      (isRecognised
        ? '; what a failed attempt left behind is revoked here as soon as it is 15 minutes old'
        : ''),
  });
}

/** As many as can be read. */
function some(ids: readonly string[]): string {
  const more = ids.length - MOST_TOLD;
  return ids.slice(0, MOST_TOLD).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** What keeps a sweep from finding all that it should. */
export function* warnings(
  { unknown, forgotten, keys, ownsEveryKey }: Scene,
  pendingKey: string,
): Generator<string> {
  if (forgotten !== undefined) {
    yield `version ${forgotten}, AWSPREVIOUS, cannot be read, or is for another place or user than AWSCURRENT: its key, if it ` +
      'has one that lives, has to be revoked by hand';
  }
  if (unknown.length > 0) {
    yield `no key of an earlier rotation was revoked: what version ${unknown.join(', ')} holds cannot be read`;
  }
  const pending = keys.find(({ id }) => id === pendingKey);
  if (pending && pending.name === undefined && !ownsEveryKey) {
    yield 'list() returns no name for the key in AWSPENDING: what failed attempts leave behind cannot be found';
  }
}
