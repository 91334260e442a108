import type { Clause } from '../../src/testing/index.js';

/** Whether tests are to be as thorough as they can: `npm run thorough`. `npm test` leaves out what tells little more. */
export const isThorough = process.env.THOROUGH === '1';

/**
 * The clauses that are run. Those that break a rotation at every message and every call take dozens of rotations: `npm
 * test` runs them for an example of each kind of rotator alone, and nobody for what another example tells as well.
 */
export function tried(
  clauses: readonly Clause[],
  example: 'always' | 'when thorough' | 'never' = 'when thorough',
): readonly Clause[] {
  if (example === 'always' || (example === 'when thorough' && isThorough)) return clauses;
  return clauses.filter(
    ({ name }) => !/^starts over when (?:it died|a connection|any call)|^lets no change of/.test(name),
  );
}
