import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { built } from './support/built.js';

built('esm');
built('cjs');

const names = (type: 'module' | 'commonjs', from: string): string[] => {
  const load = type === 'module' ? `await import('${from}')` : `require('${from}')`;
  const script = `console.log(JSON.stringify(Object.keys(${load}).filter((name) => name !== 'default' && name !== 'module.exports')))`;
  const options = { encoding: 'utf8' as const, env: { ...process.env, NODE_NO_WARNINGS: '1' } };
  return JSON.parse(
    execFileSync(process.execPath, [`--input-type=${type}`, '--eval', script], options),
  ).sort();
};

test.each([
  [
    'quarterturn',
    [
      ...['LIFETIME_OPTION', 'RotationError', 'administratorOfKeys', 'awsFailure', 'checkedLifetimeDays'],
      ...['connectionFailure', 'defineLambda', 'errorParts', 'httpUrl', 'isRotationError'],
      ...['issuedKey', 'jsonObject', 'keyEndingFrom', 'lifetimeDaysFrom', 'noteThrottles', 'parseJson'],
      ...['passwordPolicyFrom', 'passwordSource', 'replacedKey', 'request', 'rotationHandler'],
      ...['stringField', 'tlsContext'],
    ],
  ],
  [
    'quarterturn/testing',
    ['LocalRotation', 'LocalSecretsManager', 'lineTo', 'memoryLine', 'rig', 'rotatorContract'],
  ],
  ['quarterturn/rotators/postgres', ['alternatingUsers', 'postgres', 'rdsInstance']],
  ['quarterturn/rotators/api-key', ['apiKey']],
  ['quarterturn/rotators/iam', ['iam']],
  ['quarterturn/rotators/iam/ses-smtp', ['sesSmtp']],
  ['quarterturn/rotators/entra', ['entra']],
  ['quarterturn/rotators/service-token', ['serviceToken']],
  ['quarterturn/rotators/service-token/sign', ['jwks', 'sign']],
  ['quarterturn/rotators/service-token/verify', ['accepts', 'verified']],
])('%s is there for import and for require', (from, expected) => {
  expect(names('module', from)).toEqual(expected);
  expect(names('commonjs', from)).toEqual(expected);
});

describe('what is packed', () => {
  const [{ files }] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      encoding: 'utf8',
      cwd: join(__dirname, '..'),
      maxBuffer: 64 * 1024 * 1024,
    }),
  ) as [{ files: { path: string }[] }];
  const packed = files.map(({ path }) => path);
  const isPacked = (path: string) => packed.some((file) => file === path || file.startsWith(`${path}/`));
  const documents = packed.filter((path) => path.endsWith('.md') && !path.includes('node_modules'));

  test.each(documents)('has every file that %s links to', (document) => {
    const text = readFileSync(join(__dirname, '..', document), 'utf8');
    const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, to = '']) => to);
    const local = links.filter((to) => !/^[a-z]+:/.test(to));
    expect(
      local.filter((to) => !isPacked(normalize(join(dirname(document), to)).replace(/\/$/, ''))),
    ).toEqual([]);
  });

  test('has the documents of every folder', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['README.md', 'SECURITY.md', 'rotators/postgres/README.md']),
    );
  });
});
