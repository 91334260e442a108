// Breaks the engine in one place at a time, in a copy of the tree, and sees to it that a test fails each time. With --look it
// only looks whether each place is still there.
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from './mutations.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COPIED = ['src', 'rotators', 'test', 'package.json', 'tsconfig.json', 'README.md', 'docs'];
const LONGEST_MS = 300_000;

for (const { what, file, from } of MUTATIONS) {
  const text = await readFile(join(ROOT, file), 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${what}: ${file} does not have this once: ${from}`);
}
if (process.argv.includes('--look')) process.exit();
const house = await mkdtemp(join(tmpdir(), 'quarterturn-mutations-'));
try {
  const filter = (path) => basename(path) !== 'node_modules'; // test/issuers has some.
  for (const path of COPIED) await cp(join(ROOT, path), join(house, path), { recursive: true, filter });
  await symlink(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  const tests = [...new Set(MUTATIONS.flatMap((mutation) => mutation.tests))];
  const { code, output } = await jest(tests);
  if (code !== 0) throw new Error(`the tests fail by themselves:\n${output}`);
  const survivors = [];
  for (const mutation of MUTATIONS) {
    const verdict = await tried(mutation);
    process.stdout.write(
      `${verdict === undefined ? 'LIVES ' : 'killed'}  ${mutation.what}${verdict ? `: ${verdict}` : ''}\n`,
    );
    if (verdict === undefined) survivors.push(mutation.what);
  }
  process.stdout.write(`${MUTATIONS.length} mutations, ${survivors.length} live\n`);
  if (survivors.length > 0) process.exitCode = 1;
} finally {
  await rm(house, { recursive: true, force: true });
}

/** Which test a mutation fails first; undefined if it fails none. */
async function tried({ what, file, from, to, tests }) {
  const path = join(house, file);
  const text = await readFile(path, 'utf8');
  await writeFile(
    path,
    text.replace(from, () => to),
  );
  try {
    const { code, output } = await jest(['--bail', ...tests], LONGEST_MS);
    if (code === 0) return undefined;
    const [, failed] = /^\s+● (.+)$/m.exec(output) ?? [];
    // An unreadable file fails too, and would prove nothing.
    if (failed === undefined || /Test suite failed to run/.test(output))
      throw new Error(`${what}:\n${output}`);
    return failed;
  } finally {
    await writeFile(path, text);
  }
}

function jest(args, longestMs = 2 ** 31 - 1) {
  let output = '';
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/jest/bin/jest.js'), '--silent', ...args], {
    cwd: house,
    env: { ...process.env, NODE_NO_WARNINGS: '1', THOROUGH: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // Tests that wait for ever have found the fault, too. All that they have started ends with them.
  const timer = setTimeout(() => {
    output += '\n  ● the tests do not end\n';
    process.kill(-child.pid, 'SIGKILL');
  }, longestMs);
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    }),
  );
}
