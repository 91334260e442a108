import type { KeyEnding } from '../rotator.js';

const ENDINGS: readonly KeyEnding[] = ['at-once', 'late', 'at-expiry', 'untried'];

/** The environment variable of the ready-made functions. */
const VARIABLE = 'KEYS_END';

/**
 * Checks the option `ends` of a rotator, and returns it unchanged.
 *
 * @throws TypeError that names the option and what it accepts
 */
export function checkedKeyEnding(ends: string | undefined, option = '"ends"'): KeyEnding | undefined {
  const known = ENDINGS.find((ending) => ending === ends);
  if (ends === undefined || known) return known;
  throw new TypeError(`${option} must be one of ${ENDINGS.join(', ')}`);
}

/**
 * Returns what the environment variable KEYS_END says about how keys end.
 *
 * @param value value of the variable
 * @throws TypeError that names the variable and what it accepts
 */
export function keyEndingFrom(value: string | undefined): KeyEnding | undefined {
  return checkedKeyEnding(value, VARIABLE);
}
