import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for what tests make once in a run: postgres.ts. */
export default async function setUp(): Promise<void> {
  // On Node.js 20 the SDK would warn of its next versions, in each file of tests. This is its own switch.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  process.env.QUARTERTURN_TEST_RUN = await mkdtemp(join(tmpdir(), 'quarterturn-test-run-'));
}
