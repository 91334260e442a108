import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { built } from './support/built.js';

built('esm');
built('cjs');
built('schema');

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
      ...[
        'issuedKey',
        'jsonObject',
        'keyEndingFrom',
        'lambdaHandler',
        'lifetimeDaysFrom',
        'loadDriver',
        'noteThrottles',
      ],
      'parseJson',
      ...['passwordPolicyFrom', 'passwordSource', 'quoted', 'replacedKey', 'request', 'rotationHandler'],
      ...['stringField', 'tlsContext'],
    ],
  ],
  [
    'quarterturn/testing',
    ['LocalRotation', 'LocalSecretsManager', 'lineTo', 'memoryLine', 'rig', 'rotatorContract'],
  ],
  [
    'quarterturn/client',
    [
      ...['SecretError', 'isLoginRefused', 'isSecretError', 'onClientEvent', 'prefetch'],
      ...['rotatingFetch', 'rotatingSecret', 'tokenGuard', 'withSecret'],
    ],
  ],
  ['quarterturn/client/pg', ['rotatingPool']],
  ['quarterturn/client/mysql2', ['rotatingMysqlPool']],
  ['quarterturn/rotators/postgres', ['alternatingUsers', 'postgres', 'rdsInstance']],
  ['quarterturn/rotators/mysql', ['alternatingUsers', 'mysql', 'rdsInstance']],
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

describe('what is published', () => {
  const root = join(__dirname, '..');
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: root,
      encoding: 'utf8',
      stdio: 'pipe',
    }),
  );
  const paths: readonly string[] = packed[0].files.map(({ path }: { path: string }) => path);
  const isThere = (path: string) => paths.some((each) => each === path || each.startsWith(`${path}/`));
  const documents = paths.filter((path) => path.endsWith('.md'));

  test('has documents', () => {
    expect(documents).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'CHANGELOG.md']));
  });

  test('has the schema of a spec where the README says that it is', () => {
    expect(paths).toContain('dist/schema/api-key.json');
  });

  test.each(documents)('%s links to what is in the package', (document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link = '']) =>
      normalize(join(dirname(document), link)),
    );
    expect(links.filter((link) => !isThere(link))).toEqual([]);
  });

  test.each(documents)(
    '%s says of a file that is not in the package that it is the repository’s',
    (document) => {
      const text = readFileSync(join(root, document), 'utf8');
      const named = [...text.matchAll(/`([\w.-]+\/[\w./-]+)`/g)].map(([, path = '']) => path);
      const missing = named.filter((path) => existsSync(join(root, path)) && !isThere(path));
      if (missing.length > 0) expect(text).toMatch(/\brepository\b/);
      // Each that a document names is there at all.
      const sources = named.filter((path) => /^(?:src|test|rotators|\.ci|\.build|\.github)\//.test(path));
      expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );
});
