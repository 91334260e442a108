import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { built } from './support/built.js';

built('esm');

const REPORT = join(__dirname, '../.build/report.mjs');
const ALL_DRIVERS = ['pg', '@aws-sdk/client-rds', 'nodemailer'];

interface Output {
  readonly bytes: number;
  readonly entryPoint?: string;
  readonly inputs: Record<string, { readonly bytesInOutput: number }>;
  readonly imports: readonly { readonly path: string; readonly kind: string; readonly external?: boolean }[];
}

/** A bundle of postgres as esbuild describes one, with nothing wrong with it but for what is added. */
function bundle(added: { first?: Partial<Output>; later?: Partial<Output>; zipped?: number }) {
  const first: Output = {
    bytes: 225_000,
    entryPoint: 'rotators/postgres/lambda.ts',
    inputs: inputs(
      ...['src/engine/steps.ts', 'rotators/postgres/session.ts', 'rotators/postgres/lambda.ts'],
      ...['node_modules/@aws-sdk/client-secrets-manager/dist-es/SecretsManagerClient.js'],
    ),
    imports: [
      { path: 'out/later.mjs', kind: 'dynamic-import' },
      { path: 'node:fs', kind: 'import-statement', external: true },
    ],
  };
  const later: Output = {
    bytes: 300_000,
    inputs: inputs('../elsewhere/node_modules/pg/lib/client.js'),
    imports: [{ path: 'pg-native', kind: 'require-call', external: true }],
  };
  const merged = (output: Output, more: Partial<Output> = {}): Output => ({
    ...output,
    ...more,
    inputs: { ...output.inputs, ...more.inputs },
    imports: [...output.imports, ...(more.imports ?? [])],
  });
  const outputs = {
    'out/index.mjs': merged(first, added.first),
    'out/later.mjs': merged(later, added.later),
  };
  return { metafile: { outputs }, zipped: added.zipped ?? 0 };
}

function inputs(...paths: string[]): Output['inputs'] {
  return Object.fromEntries(paths.map((path) => [path, { bytesInOutput: 10 }]));
}

/** What the build says of each, in one process: the build is made of modules, and these tests are not. */
function problemsOf(bundles: readonly object[]): string[][] {
  const script = `
    import { randomBytes } from 'node:crypto';
    import { describe, problemsOf } from ${JSON.stringify(REPORT)};
    const { bundles, allDrivers } = JSON.parse(process.argv[1]);
    const problems = bundles.map(({ metafile, zipped }) => {
      const files = { 'index.mjs': randomBytes(zipped) };
      const described = describe({ metafile, entry: 'rotators/postgres/lambda.ts', files });
      return problemsOf(described, { drivers: ['pg', '@aws-sdk/client-rds'], allDrivers });
    });
    console.log(JSON.stringify(problems));`;
  const input = JSON.stringify({ bundles, allDrivers: ALL_DRIVERS });
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script, input]);
  return JSON.parse(output.toString());
}

const statement = { kind: 'import-statement' };

const CASES = [
  [
    'the driver of another rotator',
    { later: { inputs: inputs('node_modules/nodemailer/lib/nodemailer.js') } },
    ['contains nodemailer: the driver of another rotator'],
  ],
  [
    'a driver that is loaded with the function',
    { first: { imports: [{ path: 'out/later.mjs', ...statement }], bytes: 1 } },
    ['loads pg before it is used', 'loads 300001 bytes at once: 225000 at most'],
  ],
  [
    'RDS, loaded with the function',
    { first: { inputs: inputs('node_modules/@aws-sdk/client-rds/dist-es/RDSClient.js') } },
    ['loads @aws-sdk/client-rds before it is used'],
  ],
  [
    'a mock',
    { later: { inputs: inputs('node_modules/aws-sdk-client-mock/dist/es/index.js') } },
    ['contains aws-sdk-client-mock/dist/es/index.js: a tool of the tests'],
  ],
  [
    'the local Secrets Manager',
    { first: { inputs: inputs('src/local/client.ts') } },
    ['contains ./src/local/client.ts: not for Lambda'],
  ],
  [
    'the contract suite',
    { later: { inputs: inputs('src/testing/contract.ts') } },
    ['contains ./src/testing/contract.ts: not for Lambda'],
  ],
  [
    'a server to rehearse on',
    { later: { inputs: inputs('rotators/postgres/embedded-server.ts') } },
    ['contains ./rotators/postgres/embedded-server.ts: not for Lambda'],
  ],
  [
    'the client with all commands',
    { first: { inputs: inputs('node_modules/@aws-sdk/client-secrets-manager/dist-es/SecretsManager.js') } },
    ['contains @aws-sdk/client-secrets-manager/dist-es/SecretsManager.js: the client with all commands'],
  ],
  [
    'credentials from files',
    { later: { inputs: inputs('node_modules/@aws-sdk/credential-provider-ini/dist-es/fromIni.js') } },
    ['contains @aws-sdk/credential-provider-ini/dist-es/fromIni.js: credentials from elsewhere than Lambda'],
  ],
  [
    'another rotator',
    { later: { inputs: inputs('rotators/api-key/index.ts') } },
    ['contains ./rotators/api-key/index.ts: another rotator'],
  ],
  [
    'a package that is not in it',
    { later: { imports: [{ path: 'nodemailer', ...statement, external: true }] } },
    ['needs nodemailer, which is not in it'],
  ],
  ['too much to load', { first: { bytes: 225_001 } }, ['loads 225001 bytes at once: 225000 at most']],
  [
    'too much to upload',
    { zipped: 200_000 },
    [expect.stringMatching(/^has 200\d{3} bytes as a zip: 200000 at most$/)],
  ],
] as const;

const [sound, ...others] = problemsOf([{}, ...CASES.map(([, added]) => added)].map(bundle));

test('a bundle with what a Lambda needs is as it should be', () => {
  expect(sound).toEqual([]);
});

const cases = CASES.map(([what, , problems], at) => ({ what, problems, found: others[at] }));

test.each(cases)('the build says so of a bundle with $what', ({ problems, found }) => {
  expect(found).toEqual(problems);
});
