import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RotationError } from '../../src/index.js';
import { assertNoLeak } from '../support/canary.js';
import { allOf, leaks } from '../support/errors.js';
import { leakWatch } from '../support/leak-watch.js';

/** The codes that the page of errors explains. */
const CODES = new Set(
  readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8').match(/(?<=^### )ERR_[A-Z_0-9]+$/gm),
);

/** What must not be seen, and where else it is looked for. */
export interface Hidden {
  readonly values: readonly string[];
  readonly log?: readonly unknown[];
  readonly withinMs?: number;
}

/**
 * Waits until a step is over, and makes sure that it ended well, whether or not it succeeded: in time, with nothing
 * thrown but a RotationError that has a documented code, and with no run of a hidden value in the error or in the log.
 *
 * @returns the error, if there is one
 */
export async function ending(
  work: Promise<unknown>,
  { values, log = [], withinMs = 10_000 }: Hidden,
): Promise<RotationError | undefined> {
  const startedAt = performance.now();
  const error = await errorOf(work);
  expect(performance.now() - startedAt).toBeLessThan(withinMs);
  const seen = allOf([error, log]);
  for (const value of values) expect(leaks(seen, value)).toBeUndefined();
  // Now, not at the end of the test: what one run hides may be in the words of another.
  assertNoLeak();
  leakWatch.forget();
  if (error === undefined) return undefined;
  if (!(error instanceof RotationError)) throw new Error('something else than a RotationError was thrown');
  expect(CODES).toContain(error.code);
  return error;
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown, literally');
  }
}
