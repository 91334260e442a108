import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { built } from '../support/built.js';

built('esm');
built('cjs');

/** Runs a script in its own process, with the built package. */
function run(
  script: string,
  { type = 'module', env = {} }: { type?: 'module' | 'commonjs'; env?: object } = {},
): string {
  const options = {
    encoding: 'utf8',
    timeout: 30_000,
    env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
  } as const;
  return execFileSync(process.execPath, ['--expose-gc', `--input-type=${type}`, '--eval', script], options);
}

const CLIENT = `{ getSecretValue: async ({ VersionStage }) => ({
  VersionId: 'v-' + VersionStage, SecretString: JSON.stringify({ username: 'app', password: ['held', 'in', 'memory', 'alone'].join('-') }) }) }`;

test('a held secret keeps no process alive', () => {
  const script = `
    import { rotatingSecret } from 'quarterturn/client';
    const secret = rotatingSecret('app/db', { client: ${CLIENT} });
    await secret.get();
    console.log((await secret.get()).stage);`;
  expect(run(script)).toBe('AWSCURRENT\n');
});

test('somebody who waits for a version keeps it alive, to the end of the wait', () => {
  const script = `
    import { rotatingSecret } from 'quarterturn/client';
    const secret = rotatingSecret('app/db', { client: ${CLIENT}, windowMs: 2500 });
    const refusal = Object.assign(new Error('refused'), { code: '28P01' });
    await secret.logIn(() => Promise.reject(refusal)).catch((error) => console.log(error.message));`;
  expect(run(script)).toBe('refused\n');
});

test('no value is the name of a property in the heap', () => {
  const script = `
    import { getHeapSnapshot } from 'node:v8';
    import { rotatingSecret } from 'quarterturn/client';
    const secret = rotatingSecret('app/db', { client: ${CLIENT} });
    await secret.logIn(async () => {});
    const version = await secret.get();
    globalThis.kept = [secret, version];
    const chunks = [];
    for await (const chunk of getHeapSnapshot()) chunks.push(chunk);
    const { snapshot: { meta }, edges, strings } = JSON.parse(Buffer.concat(chunks.map((c) => Buffer.from(c))).toString());
    const [width, type, name] = [meta.edge_fields.length, meta.edge_fields.indexOf('type'), meta.edge_fields.indexOf('name_or_index')];
    const property = meta.edge_types[type].indexOf('property');
    const names = new Set();
    for (let n = 0; n < edges.length; n += width) if (edges[n + type] === property) names.add(strings[edges[n + name]]);
    const value = ['held', 'in', 'memory', 'alone'].join('-');
    console.log(names.has('versionId'), names.has(value), version.value.password === value);`;
  expect(run(script)).toBe('true false true\n');
});

test('nothing but Node’s own modules is loaded before a secret is read', () => {
  const folder = join(__dirname, '../../src/client');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  const loaded = files.flatMap((file) =>
    [
      ...readFileSync(join(folder, file), 'utf8').matchAll(
        /^(?:import|export) (?!type\b)[^;]*?from '([^'.][^']*)'/gms,
      ),
    ].map(([, name]) => name),
  );
  expect(files.length).toBeGreaterThan(15);
  expect(new Set(loaded)).toEqual(new Set(['node:diagnostics_channel', 'node:events', 'node:util']));
});

test.each(['module', 'commonjs'] as const)('a %s reads with the SDK of the environment', async (type) => {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'app/db', SecretString: '{"username":"app"}' });
  const { url, close } = await secrets.listen();
  const load =
    type === 'module'
      ? `import { rotatingSecret } from 'quarterturn/client';`
      : `const { rotatingSecret } = require('quarterturn/client');`;
  const script = `${load} rotatingSecret('app/db').get().then(({ value }) => console.log(value.username));`;
  expect(await outputOf([`--input-type=${type}`, '--eval', script], url)).toBe('app\n');
  await close();
});

/** What a process prints whose SDK finds a Secrets Manager at the URL. */
async function outputOf(args: readonly string[], url: string): Promise<string> {
  const env = {
    AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  const child = execFile(process.execPath, args, { env: { ...process.env, ...env } });
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  await once(child, 'close');
  return output;
}

test('one copy of the package takes the secret of the other', () => {
  const script = `
    import { createRequire } from 'node:module';
    import { rotatingSecret } from 'quarterturn/client';
    const { prefetch, tokenGuard, isSecretError } = createRequire(process.cwd() + '/x.js')('quarterturn/client');
    const secret = rotatingSecret('app/db', { client: ${CLIENT} });
    await prefetch([secret]);
    console.log(await tokenGuard(secret, (value, token) => value.username === token)('Bearer app'));
    secret.close();
    console.log(isSecretError(await secret.get().catch((error) => error)));`;
  expect(run(script)).toBe('true\ntrue\n');
});

test.each(['esm', 'cjs'] as const)(
  'a bundle that esbuild makes with its defaults reads a secret, as %s',
  async (format) => {
    const secrets = new LocalSecretsManager();
    await secrets.createSecret({ Name: 'app/db', SecretString: '{"username":"app"}' });
    const { url, close } = await secrets.listen();
    const folder = mkdtempSync(join(tmpdir(), 'quarterturn-client-'));
    const outfile = join(folder, format === 'esm' ? 'app.mjs' : 'app.cjs');
    buildSync({
      stdin: {
        contents: `import { rotatingSecret } from 'quarterturn/client';
        rotatingSecret('app/db').get().then(({ value }) => console.log(value.username));`,
        resolveDir: __dirname,
      },
      ...{ outfile, format, bundle: true, platform: 'node', logLevel: 'silent' },
    });
    expect(await outputOf([outfile], url)).toBe('app\n');
    await close();
    rmSync(folder, { recursive: true });
  },
);
