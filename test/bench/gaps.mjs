import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const MAIN = join(import.meta.dirname, '../../dist/esm/src/cli/main.js');
/** What is rehearsed, by the name of its factory in the README. */
const REHEARSED = {
  'postgres()': 'postgres',
  'alternatingUsers()': 'postgres/alternating-users',
  'apiKey(spec)': 'api-key',
  'serviceToken()': 'service-token',
};

/**
 * For how long the service refused AWSCURRENT, in ms: the longest of some rotations, from the beginning of setSecret to the
 * end of finishSecret; 0 if it was accepted after each step.
 */
export async function measureGaps({ rotations, signal }) {
  const gaps = [];
  for (const [name, rotator] of Object.entries(REHEARSED)) {
    const args = ['rehearse', rotator, '--rotations', String(rotations), '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...args], { signal });
    const steps = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const each = Array.from({ length: rotations }, (_, n) =>
      steps.filter(({ rotation }) => rotation === n + 1),
    );
    gaps.push({ name, ms: Math.max(...each.map(gapOf)) });
  }
  return gaps;
}

function gapOf(steps) {
  const isRefused = steps.some(
    ({ step, labels }) => step !== 'finishSecret' && labels.AWSCURRENT.accepted === false,
  );
  if (!isRefused) return 0;
  return steps
    .filter(({ step }) => step !== 'createSecret')
    .reduce((sum, { durationMs }) => sum + durationMs, 0);
}
