// What an application waits for when it imports the client, before a secret is read: npm run bench:client
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixed } from './text.mjs';

const PROCESSES = Number(process.argv[2] ?? 15);
const MOST_MS = 10;
const ROOT = join(import.meta.dirname, '../..');

const folder = mkdtempSync(join(tmpdir(), 'quarterturn-bench-'));
const script = (name, load) => {
  const file = join(folder, name);
  const code = `const start = performance.now(); ${load}; console.log(performance.now() - start);`;
  writeFileSync(file, code);
  return file;
};
writeFileSync(join(folder, 'nothing.mjs'), '');
const modules = {
  'empty module': script('empty.mjs', `await import('./nothing.mjs')`),
  'quarterturn/client': script('esm.mjs', `await import('${ROOT}/dist/esm/src/client/index.js')`),
  'quarterturn/client/pg': script('pg.mjs', `await import('${ROOT}/dist/esm/src/client/pg/index.js')`),
  'quarterturn/client, CommonJS': script('cjs.cjs', `require('${ROOT}/dist/cjs/src/client/index.js')`),
};
// In turns, and of each the fastest: whatever else the machine does only adds.
const fastest = Object.fromEntries(Object.keys(modules).map((name) => [name, Number.POSITIVE_INFINITY]));
for (let n = 0; n < PROCESSES; n++) {
  for (const [name, file] of Object.entries(modules)) {
    const ms = Number(execFileSync(process.execPath, [file], { encoding: 'utf8' }));
    fastest[name] = Math.min(fastest[name], ms);
  }
}
rmSync(folder, { recursive: true });
for (const [name, ms] of Object.entries(fastest)) process.stdout.write(`${name}: ${fixed(ms)} ms\n`);
const worst = Math.max(...Object.values(fastest)) - fastest['empty module'];
if (worst > MOST_MS) {
  process.stderr.write(
    `the import takes ${fixed(worst)} ms more than that of an empty module; at most ${MOST_MS}\n`,
  );
  process.exitCode = 1;
}
