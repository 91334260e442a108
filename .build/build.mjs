// Makes the parts of dist that are asked for, unless they are up to date: node .build/build.mjs esm cjs lambda schema
// Each is made anew beside its place and then put there, so nothing of a deleted source stays, nothing is there halfway,
// and who comes second finds it done: tests in several processes ask at once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { forBundlers } from './for-bundlers.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DIST = join(ROOT, 'dist');
const LOCK = join(DIST, '.lock');
const TSC = 'node_modules/typescript/bin/tsc';

/** How each part is made in a folder, and the folders of it that go to dist: the first one has its stamp. */
const PARTS = {
  esm: {
    folders: ['esm'],
    make(folder) {
      run(TSC, '-p', '.tsconfig.esm.json', '--outDir', join(folder, 'esm'));
      run('.build/client.mjs', join(folder, 'esm'), 'esm');
      forBundlers(join(folder, 'esm'));
    },
  },
  cjs: {
    folders: ['cjs'],
    make(folder) {
      run(TSC, '-p', '.tsconfig.cjs.json', '--outDir', join(folder, 'cjs'));
      run('.build/client.mjs', join(folder, 'cjs'), 'cjs');
      writeFileSync(join(folder, 'cjs/package.json'), '{"type":"commonjs"}\n');
    },
  },
  lambda: {
    folders: ['lambda', 'lambda-maps'],
    make: (folder) => run('.build/lambda.mjs', '--into', folder),
  },
  schema: {
    folders: ['schema'],
    make: (folder) => run('.build/spec-schema.mjs', join(folder, 'schema/api-key.json')),
  },
};

const asked = process.argv.slice(2);
if (asked.length === 0 || asked.some((part) => !Object.hasOwn(PARTS, part))) {
  throw new Error(`build.mjs takes one or more of ${Object.keys(PARTS).join(', ')}`);
}
const sources = digestOfSources();
try {
  for (const part of asked) {
    if (isMade(part)) continue;
    await withLock(() => isMade(part) || make(part));
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function isMade(part) {
  const stamp = join(DIST, part, '.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sources;
}

function make(part) {
  const { folders, make } = PARTS[part];
  const beside = join(DIST, `.making-${process.pid}`);
  const old = join(beside, 'old');
  try {
    mkdirSync(old, { recursive: true });
    make(beside);
    writeFileSync(join(beside, part, '.stamp'), sources);
    for (const folder of [...folders].reverse()) {
      if (existsSync(join(DIST, folder))) renameSync(join(DIST, folder), join(old, folder));
      renameSync(join(beside, folder), join(DIST, folder));
    }
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
}

/** All that decides what is made, by content: after `git checkout` the time of a file says nothing. */
function digestOfSources() {
  const files = [
    ...['src', 'rotators', '.build'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((path) => join(folder, path)),
    ),
    ...['package.json', 'tsconfig.json', '.tsconfig.esm.json', '.tsconfig.cjs.json'],
    // What npm has installed: the compilers, and what is bundled.
    'node_modules/.package-lock.json',
  ];
  const digest = createHash('sha256');
  for (const file of files.filter((path) => /\.(?:ts|m?js|json)$/.test(path)).sort()) {
    const content = existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file)) : '';
    digest.update(`${file}\0${content.length}\0`).update(content);
  }
  return digest.digest('hex');
}

/** What it says goes to stderr: stdout is for what the commands print that are built first. */
function run(script, ...args) {
  const stdio = ['ignore', process.stderr.fd, 'inherit'];
  const { status, error } = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, stdio });
  if (error) throw error;
  if (status !== 0) throw new Error(`${script} failed`);
}

/** One at a time, to save work: two at once would both be right. */
async function withLock(work) {
  mkdirSync(DIST, { recursive: true });
  while (!isTaken()) await sleep(50);
  try {
    work();
  } finally {
    rmSync(LOCK, { force: true });
  }
}

/** Whether the lock is ours now: a link that leads to the number of the process that has it. */
function isTaken() {
  try {
    symlinkSync(String(process.pid), LOCK);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  try {
    const pid = Number(readlinkSync(LOCK));
    process.kill(pid, 0);
    // One that has ended, and that its parent has not asked about, is there for ever.
    const stat = `/proc/${pid}/stat`;
    if (existsSync(stat) && /\) [ZX] /.test(readFileSync(stat, 'utf8'))) rmSync(LOCK, { force: true });
  } catch (error) {
    // Its process has ended without a word, or it is gone just now.
    if (error.code !== 'EPERM') rmSync(LOCK, { force: true });
  }
  return false;
}
