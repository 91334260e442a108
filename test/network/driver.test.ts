import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadDriver } from '../../src/index.js';
import { rejection } from '../support/errors.js';

const ROOT = join(__dirname, '../..');
const { peerDependencies, peerDependenciesMeta, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

test('a driver that is not installed is told by its name, with what to install', async () => {
  const missing = Object.assign(new Error("Cannot find package 'smtp'"), { code: 'ERR_MODULE_NOT_FOUND' });
  const error = await rejection(loadDriver('@far/smtp@^10.6.1', () => Promise.reject(missing)));
  expect(error).toMatchObject({
    code: 'ERR_ROTATOR_FAILED',
    message: '@far/smtp is not installed',
    hint: 'run `npm install @far/smtp@^10.6.1` and deploy the function with it',
    cause: missing,
  });
});

test.each([
  ['lacks what is asked of it', async () => ({ old: true }), (driver: object) => 'recent' in driver],
  [
    'lacks a name that is imported',
    () => Promise.reject(new SyntaxError("'smtp' does not provide an export named 'connect'")),
    undefined,
  ],
])('a driver that %s is told by the version that can be used', async (_, load, fits) => {
  expect(await rejection(loadDriver('smtp@^10.6.1', load, fits))).toMatchObject({
    code: 'ERR_ROTATOR_FAILED',
    message: 'smtp is installed in a version that does not fit',
    hint: 'run `npm install smtp@^10.6.1` and deploy the function with it',
  });
});

test('a driver that fails otherwise says so itself', async () => {
  const failure = new RangeError('no memory');
  expect(await rejection(loadDriver('smtp@^10.6.1', () => Promise.reject(failure)))).toBe(failure);
});

describe('what only some need', () => {
  const peers = Object.keys(peerDependencies);

  test('may be installed in any version, or not at all', () => {
    expect(peers.length).toBeGreaterThan(3);
    expect(peerDependencies).toEqual(Object.fromEntries(peers.map((name) => [name, '*'])));
    expect(peerDependenciesMeta).toEqual(Object.fromEntries(peers.map((name) => [name, { optional: true }])));
  });

  test('is named, where it is missing, with the version that the tests run with', () => {
    const sources = ['rotators', 'src'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.ts'))
        .map((path) => readFileSync(join(ROOT, folder, path), 'utf8')),
    );
    for (const name of peers) expect(sources.join('\n')).toContain(`${name}@${devDependencies[name]}`);
  });
});
