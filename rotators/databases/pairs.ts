import { RotationError } from '../../src/index.js';

/** Two users that take turns. */
export interface Pair {
  /** Whose rights, settings and objects both work with. */
  readonly original: string;
  readonly clone: string;
  /** The one of the two whose turn is next. */
  readonly other: string;
}

/** What an engine takes as the name of a user. */
export interface UserNames {
  /** With which a clone's name ends, if the pairs do not say otherwise. */
  readonly suffix: string;
  readonly most: number;
  readonly unit: 'bytes' | 'characters';
}

/**
 * Finds the pair that a user is of: one of the given (original: clone), else `app` and `app_clone`, or whatever the suffix
 * is, as in AWS's functions.
 *
 * @throws TypeError if a name is empty, too long, or stands in the pairs twice
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
    // The server would cut it, and log another user in.
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
