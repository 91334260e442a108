import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what tests make once in a run: postgres.ts. */
export default async function setUp(): Promise<void> {
  process.env.QUARTERTURN_TEST_RUN = await mkdtemp(join(tmpdir(), 'quarterturn-test-run-'));
}
