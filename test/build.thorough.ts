import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { mayTakeAsLongAs } from './support/timeouts.js';

const ROOT = join(__dirname, '..');
const COPIED = ['.build', 'src', 'rotators', 'package.json', 'tsconfig.json', '.tsconfig.esm.json'];

mayTakeAsLongAs('processes');

let house: string;
const at = (path: string) => join(house, path);
const build = () => promisify(execFile)(process.execPath, [at('.build/build.mjs'), 'esm']);
const builtAt = async () => (await stat(at('dist/esm/.stamp'))).mtimeMs;

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'quarterturn-build-'));
  for (const path of COPIED) await cp(join(ROOT, path), at(path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), at('node_modules'));
});

afterAll(() => rm(house, { recursive: true }));

test('what several processes ask for at once is made, and is whole', async () => {
  await Promise.all([build(), build(), build()]);
  expect(existsSync(at('dist/esm/src/cli/main.js'))).toBe(true);
  expect(existsSync(at('dist/.lock'))).toBe(false);
});

test('what is up to date is not made again', async () => {
  const before = await builtAt();
  await build();
  expect(await builtAt()).toBe(before);
});

test('a source that is new is compiled, and nothing is left of one that is deleted', async () => {
  await writeFile(at('src/added.ts'), 'export const added = 1;\n');
  await build();
  expect(await readFile(at('dist/esm/src/added.js'), 'utf8')).toContain('added = 1');
  await rm(at('src/added.ts'));
  await build();
  expect(existsSync(at('dist/esm/src/added.js'))).toBe(false);
  expect(existsSync(at('dist/esm/src/index.js'))).toBe(true);
});

test('a source that is wrong is told of, on stderr alone, and what was there stays', async () => {
  await writeFile(at('src/added.ts'), "export const added: number = 'one';\n");
  await expect(build()).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('src/added.ts(1,14): error TS2322'),
  });
  await rm(at('src/added.ts'));
  const before = await builtAt();
  await build();
  expect(await builtAt()).toBe(before);
});

test('the lock of a process that has died holds nobody up', async () => {
  await symlink('999999999', at('dist/.lock'));
  await rm(at('dist/esm'), { recursive: true });
  await build();
  expect(existsSync(at('dist/esm/src/index.js'))).toBe(true);
});
