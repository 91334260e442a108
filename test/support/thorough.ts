import type { Clause } from '../../src/testing/index.js';

/** Whether tests are to be as thorough as they can: `npm run thorough`. `npm test` leaves out what tells little more. */
export const isThorough = process.env.THOROUGH === '1';

/** Whether a clause of the contract takes a few rotations, and not one for every message or call. */
export function isQuick({ name }: Clause): boolean {
  return !/^starts over when (?:it died|a connection|any call)/.test(name);
}
