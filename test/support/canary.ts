import { type Leak, leakWatch } from './leak-watch.js';
import { watchHandlers } from './watched-handler.js';

/**
 * Watches over all tests: no eight characters of a secret may be in what a rotation handler throws, logs or returns,
 * or in what this process prints. Jest loads it before each file of tests, and the test that leaks fails.
 *
 * What a leak is planted in, and the metrics of functions that have no other log, is looked at and not printed: a run that
 * passes has nothing to say.
 */

let isLeakMeant = false;
const streams = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));

watchHandlers();
for (const { stream, write } of streams) {
  const channel = stream === process.stdout ? 'stdout' : 'stderr';
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    leakWatch.saw(channel, chunk);
    if (isLeakMeant || String(chunk).startsWith('{"_aws":')) return true;
    return Reflect.apply(write, stream, [chunk, ...rest]);
  };
}
// Jest keeps what goes to the console, and Node what it warns of, from the streams.
const { console: terminal } = globalThis;
for (const method of ['debug', 'error', 'info', 'log', 'warn'] as const) {
  const print = terminal[method];
  terminal[method] = (...things: unknown[]) => {
    leakWatch.saw('the console', things);
    if (!isLeakMeant) print.apply(terminal, things);
  };
}
const { emitWarning } = process;
process.emitWarning = (...warning: unknown[]) => {
  leakWatch.saw('a warning', warning);
  if (!isLeakMeant) Reflect.apply(emitWarning, process, warning);
};

beforeEach(() => {
  assertNoLeak();
  leakWatch.forget();
  isLeakMeant = false;
});
afterEach(assertNoLeak);
afterAll(() => {
  for (const { stream, write } of streams) stream.write = write;
  assertNoLeak();
});

/**
 * Lets the test that runs leak: it plants one, to see it found. What it returns looks for leaks since the last look.
 */
export function leaksOnPurpose(): () => readonly Leak[] {
  isLeakMeant = true;
  return () => leakWatch.look();
}

/** Fails a test that has let a part of a secret out. */
export function assertNoLeak(): void {
  const leaks = leakWatch.look();
  if (isLeakMeant || leaks.length === 0) return;
  const lines = leaks.slice(0, 5).map(({ channel, form, run }) => `in ${channel} (${form}): ${run}`);
  throw new Error(`a part of a secret has left, ${leaks.length} times:\n${lines.join('\n')}`);
}
