import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mayTakeAsLongAs } from './timeouts.js';

// Who wants what is built runs it, in a process of its own.
mayTakeAsLongAs('processes');

const ROOT = join(__dirname, '../..');

/**
 * A part of dist, made of the sources as they are now: a test needs no build before it.
 *
 * @returns its folder
 */
export function built(part: 'esm' | 'cjs' | 'lambda' | 'schema'): string {
  // Once in a run of the tests, whatever file asks first.
  const mark = join(String(process.env.QUARTERTURN_TEST_RUN), `built-${part}`);
  if (!existsSync(mark)) {
    execFileSync(process.execPath, [join(ROOT, '.build/build.mjs'), part], { stdio: 'pipe' });
    writeFileSync(mark, '');
  }
  return join(ROOT, 'dist', part);
}
