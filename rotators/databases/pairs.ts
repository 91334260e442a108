import { RotationError } from '../../src/index.js';

/** Two users that take turns. */
export interface Pair {
  /** Whose rights, settings and objects both work with. */
  readonly original: string;
  readonly clone: string;
  /** The one of the two whose turn is next. */
  readonly other: string;
}

const SUFFIX = '_clone';
/** NAMEDATALEN - 1. PostgreSQL cuts longer names off, and two of them may become one. */
const MOST_BYTES = 63;

/**
 * Finds the pair that a user is of: one of the given (original: clone), else `app` and `app_clone`, as in AWS's
 * functions.
 *
 * @throws TypeError if a name is empty, too long, or stands in the pairs twice
 */
export function pairFinder(pairs: Readonly<Record<string, string>>): (username: string) => Pair {
  const names = Object.entries(pairs).flat();
  if (new Set(names).size !== names.length || names.some((name) => name === '' || !fits(name))) {
    throw new TypeError(`pairs must name each user once, in at most ${MOST_BYTES} bytes`);
  }
  const clones = new Map(Object.entries(pairs));
  const originals = new Map([...clones].map(([original, clone]) => [clone, original]));
  return (username) => {
    // The server would cut it, and log another user in.
    if (!fits(username)) throw tooLong(username);
    const original = originals.get(username) ?? withoutSuffix(username, clones);
    if (original !== undefined) return { original, clone: username, other: original };
    const clone = clones.get(username) ?? `${username}${SUFFIX}`;
    if (!fits(clone)) throw tooLong(clone);
    return { original: username, clone, other: clone };
  };
}

function withoutSuffix(username: string, clones: ReadonlyMap<string, string>): string | undefined {
  const isClone = username.endsWith(SUFFIX) && username !== SUFFIX && !clones.has(username);
  return isClone ? username.slice(0, -SUFFIX.length) : undefined;
}

function fits(name: string): boolean {
  return Buffer.byteLength(name) <= MOST_BYTES;
}

function tooLong(name: string): RotationError {
  return new RotationError(
    'ERR_SECRET_MALFORMED',
    `"username" is too long: "${name}" has more than ${MOST_BYTES} bytes`,
    {
      hint: 'use a shorter name, or name the pair with the option `pairs`',
    },
  );
}
