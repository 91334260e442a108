/** Messages show an id that is found in a key: so much of the key, at least, stays out of it. */
const LEAST_LEFT = 8;

/** What keys look like. */
const LIKENESSES = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890123456789',
  'sk-live-4wTz8Lp1Qm7Kx3Vn9Rb2',
  'SG.4wTz8Lp1Qm7.Kx3Vn9Rb2_Jd5',
  'glpat-4wTz8Lp1Qm7Kx3Vn9Rb2',
  '6f1c0c3e-8a49-4a52-9d0a-3c8f5b7e2d14',
];

/**
 * Finds the id in a key.
 *
 * @param field names the key in errors
 * @throws TypeError that quotes nothing of the key
 */
export function idFoundIn(key: string, pattern: RegExp, field: string): string {
  const [, found = ''] = pattern.exec(key) ?? [];
  if (found === '') throw new TypeError(`"${field}" has no id in it`);
  if (key.length - found.length >= LEAST_LEFT) return found;
  throw new TypeError(`the id that the spec finds in "${field}" is the key itself, or nearly`);
}

/** Whether the first group of a pattern is all of it, or takes all of a key. */
export function takesWholeKeys(pattern: RegExp): boolean {
  const [, inner] = /^\^?\((?:\?<\w+>)?(?!\?)(.*)\)\$?$/s.exec(pattern.source) ?? [];
  // If it stands by itself, the bracket that ends the pattern is that of the first group.
  if (inner !== undefined && isPattern(inner)) return true;
  return LIKENESSES.some((key) => {
    const [, found = ''] = pattern.exec(key) ?? [];
    return found !== '' && key.length - found.length < LEAST_LEFT;
  });
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}
