import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { type Service, startService } from '../src/cli/init/templates/password/service.js';
import { built } from './support/built.js';
import { deploy } from './support/deployment.js';
import { startTestServer, type TestServer } from './support/postgres.js';

built('esm');
built('cjs');

const FIRST = 'frst-4Wn8-6qzu';

let folder: string;
let gate: Service;
let server: TestServer;
const started: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quarterturn-bundle-'));
  [gate, server] = await Promise.all([startService(), startTestServer()]);
});

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

afterAll(async () => {
  await Promise.all([gate.stop(), server.stop()]);
  rmSync(folder, { recursive: true });
});

/** What people deploy with their rotators, and with ours. */
const ENTRIES = {
  "the README's rotator": `${readFileSync(
    join(__dirname, '../src/cli/init/templates/password/rotator.ts'),
    'utf8',
  ).replaceAll("'../../../../index.js'", "'quarterturn'")}
    import { rotationHandler } from 'quarterturn';
    export const handler = rotationHandler(gate());`,
  'postgres()': `import { postgres } from 'quarterturn/rotators/postgres';
    import { rotationHandler } from 'quarterturn';
    export const handler = rotationHandler(postgres());`,
  'postgres(), by require,': `const { rotationHandler } = require('quarterturn');
    const { postgres } = require('quarterturn/rotators/postgres');
    exports.handler = rotationHandler(postgres());`,
};
type Entry = keyof typeof ENTRIES;

/** A bundle that esbuild makes with its defaults for Node.js, in a folder away from all packages. */
function bundled(entry: Entry, format: 'esm' | 'cjs', options: object = {}): string {
  const outdir = mkdtempSync(join(folder, 'function-'));
  const { warnings } = buildSync({
    stdin: { contents: ENTRIES[entry], resolveDir: join(__dirname, '..'), loader: 'ts' },
    outfile: join(outdir, format === 'esm' ? 'index.mjs' : 'index.cjs'),
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'silent',
    ...options,
  });
  expect(warnings).toEqual([]);
  return outdir;
}

const BUNDLES = [
  ["the README's rotator", 'esm'],
  ["the README's rotator", 'cjs'],
  ['postgres()', 'esm'],
  ['postgres()', 'cjs'],
  ['postgres(), by require,', 'cjs'],
] as const;

test.each(BUNDLES)('a bundle of %s in %s, which esbuild makes by its defaults, loads', (entry, format) => {
  for (const options of [{}, { minify: true }]) {
    const file = join(bundled(entry, format, options), `index.${format === 'esm' ? 'mjs' : 'cjs'}`);
    const run = () => execFileSync(process.execPath, [file], { encoding: 'utf8', stdio: 'pipe' });
    expect(run()).toBe('');
  }
});

test.each(BUNDLES)(
  'a bundle of %s in %s, which esbuild makes by its defaults, rotates',
  async (entry, format) => {
    const ofGate = entry === "the README's rotator";
    if (!ofGate) await server.sql(`DROP ROLE IF EXISTS app; CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
    const secret = ofGate ? JSON.stringify(gate.reset()) : server.secret('app', FIRST);
    const deployment = await deploy(bundled(entry, format), secret);
    started.push(deployment);
    expect(await deployment.rotate()).toMatchObject({ outcome: 'succeeded' });
    const { password } = await deployment.value('AWSCURRENT');
    expect(ofGate ? gate.accepts(password) : await server.accepts('app', password)).toBe(true);
  },
);

test('outside of bundles there is no global require', () => {
  const script = "await import('quarterturn'); console.log(typeof globalThis.require)";
  const run = (...args: string[]) =>
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
  expect(run('--input-type=module', '--eval', script)).toBe('undefined\n');
});
