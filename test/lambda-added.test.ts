import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { until } from './support/command.js';
import { readmeGaps } from './support/readme-gaps.js';
import { manifestOf, ROOT, rotatorsIn } from './support/rotators.js';
import { templateGaps } from './support/template-gaps.js';

const COPIED = [
  'src',
  '.build',
  'package.json',
  'tsconfig.json',
  '.tsconfig.esm.json',
  'LICENSE',
  'README.md',
];
const run = promisify(execFile);
const read = (path: string) => readFile(join(ROOT, path), 'utf8');

/** A separate house with two rotators: one of ours, and the README's. */
let house: string;
const inHouse = (file: string, ...args: string[]) =>
  run(process.execPath, [join(house, file), ...args], { cwd: house });
const quarterturn = (...args: string[]) => inHouse('dist/esm/src/cli/main.js', ...args);

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), 'quarterturn-test-'));
  for (const path of COPIED) await cp(join(ROOT, path), join(house, path), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(house, 'node_modules'));
  const folder = 'rotators/service-token';
  await cp(join(ROOT, folder), join(house, folder), { recursive: true });
  await addGate();
  await inHouse('node_modules/typescript/bin/tsc', '-p', '.tsconfig.esm.json');
  await inHouse('.build/lambda.mjs');
});
afterAll(() => rm(house, { recursive: true, force: true }));

/** All that somebody writes who adds the README's rotator to this package: it, and the manifest that the docs show. */
async function addGate(): Promise<void> {
  const folder = join(house, 'rotators/gate');
  await mkdir(folder);
  const template = await read('src/cli/init/templates/password/rotator.ts');
  const gate = template.replaceAll("'../../../../index.js'", "'../../src/index.js'");
  await writeFile(join(folder, 'index.ts'), gate);
  const [, example = ''] = /@example\n \* ```ts\n([\s\S]*?) \* ```/.exec(await read('src/lambda.ts')) ?? [];
  const manifest = example
    .replace(/^ \* ?/gm, '')
    .replace("'quarterturn'", "'../../src/index.js'")
    .replace("'./gate.js'", "'./index.js'");
  await writeFile(join(folder, 'lambda.ts'), manifest);
}

test('a rotator that is added is one of those that can be deployed', () => {
  expect(rotatorsIn(house)).toEqual(['gate', 'service-token']);
});

test('it has a bundle, and the bundle a handler', async () => {
  const report = JSON.parse(await readFile(join(house, 'dist/lambda/report.json'), 'utf8'));
  expect(Object.keys(report)).toEqual(['gate', 'service-token']);
  expect(report.gate.initModules).toContain('./rotators/gate/index.ts');
  const url = pathToFileURL(join(house, 'dist/lambda/gate/index.mjs'));
  const script = `const { handler } = await import('${url}'); console.log(typeof handler)`;
  const env = { ...process.env, AWS_REGION: 'eu-west-1' };
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { env });
  expect(stdout).toBe('function\n');
});

test('quarterturn policy offers it, and prints what it needs', async () => {
  expect((await quarterturn('policy', '--help')).stdout).toMatch(/^rotators: gate, service-token$/m);
  const {
    rotator,
    function: made,
    executionPolicy,
  } = JSON.parse((await quarterturn('policy', 'gate', '--json')).stdout);
  expect({ rotator, ...made }).toMatchObject({
    rotator: 'gate',
    bundle: 'node_modules/quarterturn/dist/lambda/gate',
    timeoutSeconds: 60,
  });
  expect(executionPolicy.Statement.map(({ Sid }: { Sid: string }) => Sid)).toEqual([
    'OnlySecretsThatNameThisFunction',
    'Log',
  ]);
});

test('quarterturn local runs it by its name', async () => {
  expect((await quarterturn('local', '--help')).stdout).toMatch(/^rotators: gate, service-token$/m);
  const args = [join(house, 'dist/esm/src/cli/main.js'), 'local', '--port', '0', '--function', 'rotate=gate'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  try {
    await until(() => child.exitCode !== null || said.includes('\n\n'));
    expect(said).toContain(':function:rotate');
  } finally {
    child.kill();
  }
});

test('the package exports it, and attw is told so', async () => {
  const { stdout } = await inHouse('.build/entry-points.mjs');
  expect(stdout.trim().split(' ')).toEqual(
    expect.arrayContaining(['.', 'testing', 'rotators/gate', 'rotators/service-token']),
  );
});

test('template.yaml and the README are told that they lack it', async () => {
  const manifests = rotatorsIn().map((rotator) => [rotator, manifestOf(rotator)] as const);
  expect(templateGaps(new Map([...manifests, ['gate', manifestOf('gate', house)]]))).toEqual([
    'Parameters.Rotator.AllowedValues lacks gate',
  ]);
  const readme = await read('README.md');
  const only = (path: string) => (path === 'README.md' ? readme : undefined);
  expect(readmeGaps(rotatorsIn(house), only)).toContain('README.md has no row for gate() of rotators/gate');
});
