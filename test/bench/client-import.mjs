// What an application waits for when it imports the client, before a secret is read: npm run bench:client
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fixed, median } from './text.mjs';

const PROCESSES = Number(process.argv[2] ?? 15);
const MOST_MS = 10;
const folder = mkdtempSync(join(tmpdir(), 'quarterturn-bench-'));
const empty = join(folder, 'empty.mjs');
writeFileSync(empty, '');
const timed = (load) => `const start = performance.now(); ${load}; console.log(performance.now() - start);`;
const modules = {
  'empty module': ['module', timed(`await import('${pathToFileURL(empty).href}')`)],
  'quarterturn/client': ['module', timed(`await import('quarterturn/client')`)],
  'quarterturn/client/pg': ['module', timed(`await import('quarterturn/client/pg')`)],
  'quarterturn/client, CommonJS': ['commonjs', timed(`require('quarterturn/client')`)],
};
const taken = Object.fromEntries(Object.keys(modules).map((name) => [name, []]));
// In turns: if the machine is busy for a while, it is for all alike.
for (let n = 0; n < PROCESSES; n++) {
  for (const [name, [type, script]] of Object.entries(modules)) {
    const args = [`--input-type=${type}`, '--eval', script];
    taken[name].push(Number(execFileSync(process.execPath, args, { encoding: 'utf8' })));
  }
}
rmSync(folder, { recursive: true });
const medians = Object.entries(taken).map(([name, ms]) => [name, median(ms)]);
for (const [name, ms] of medians) process.stdout.write(`${name}: ${fixed(ms)} ms\n`);
const worst = Math.max(...medians.map(([, ms]) => ms - medians[0][1]));
if (worst > MOST_MS) {
  process.stderr.write(
    `the import takes ${fixed(worst)} ms more than that of an empty module: ${MOST_MS} ms are the most\n`,
  );
  process.exitCode = 1;
}
