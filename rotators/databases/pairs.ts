import { RotationError } from '../../src/index.js';

/** Two users that take turns. */
export interface Pair {
  /** The user whose rights, settings and objects both use. */
  readonly original: string;
  readonly clone: string;
  /** The user whose turn is next. */
  readonly other: string;
}

/** Rules of an engine for user names. */
export interface UserNames {
  /** Suffix of a clone's name, unless the option `pairs` names the clone. */
  readonly suffix: string;
  /** Longest name, in `unit`. */
  readonly most: number;
  readonly unit: 'bytes' | 'characters';
}

/**
 * Returns a function that finds a user's pair: an entry of `pairs` (original: clone), otherwise the user and the same name
 * with the suffix, as in AWS's functions.
 *
 * @throws TypeError if a name in `pairs` is empty, too long, or used twice
 */
export function pairFinder(
  pairs: Readonly<Record<string, string>>,
  { suffix, most, unit }: UserNames,
): (username: string) => Pair {
  const fits = (name: string) => lengthOf(name, unit) <= most;
  const tooLong = (name: string) =>
    new RotationError(
      'ERR_SECRET_MALFORMED',
      `"username" is too long: "${name}" has more than ${most} ${unit}`,
      { hint: 'use a shorter name, or name the pair with the option `pairs`' },
    );
  const names = Object.entries(pairs).flat();
  if (new Set(names).size !== names.length || names.some((name) => name === '' || !fits(name))) {
    throw new TypeError(`pairs must name each user once, in at most ${most} ${unit}`);
  }
  const clones = new Map(Object.entries(pairs));
  const originals = new Map([...clones].map(([original, clone]) => [clone, original]));
  return (username) => {
    // The server would truncate the name, and log another user in.
    if (!fits(username)) throw tooLong(username);
    const original = originals.get(username) ?? withoutSuffix(username, suffix, clones);
    if (original !== undefined) return { original, clone: username, other: original };
    const clone = clones.get(username) ?? `${username}${suffix}`;
    if (!fits(clone)) throw tooLong(clone);
    return { original: username, clone, other: clone };
  };
}

function withoutSuffix(
  username: string,
  suffix: string,
  clones: ReadonlyMap<string, string>,
): string | undefined {
  const isClone = username.endsWith(suffix) && username !== suffix && !clones.has(username);
  return isClone ? username.slice(0, -suffix.length) : undefined;
}

function lengthOf(name: string, unit: UserNames['unit']): number {
  return unit === 'bytes' ? Buffer.byteLength(name) : [...name].length;
}
