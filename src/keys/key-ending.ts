import type { KeyEnding } from '../rotator.js';

const ENDINGS: readonly KeyEnding[] = ['at-once', 'late', 'at-expiry', 'untried'];

/** The environment variable of the ready-made functions. */
const VARIABLE = 'KEYS_END';

/**
 * Checks the option `ends` of a rotator.
 *
 * @returns `ends` as it is
 * @throws TypeError naming the option and what it takes
 */
export function checkedKeyEnding(ends: string | undefined, option = '"ends"'): KeyEnding | undefined {
  const known = ENDINGS.find((ending) => ending === ends);
  if (ends === undefined || known) return known;
  throw new TypeError(`${option} must be one of ${ENDINGS.join(', ')}`);
}

/**
 * Reads the environment variable KEYS_END.
 *
 * @throws TypeError naming it and what it takes
 */
export function keyEndingFrom(value: string | undefined): KeyEnding | undefined {
  return checkedKeyEnding(value, VARIABLE);
}
