import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { join } from 'node:path';
import { ON_SECRET } from '../src/permissions.js';
import { built } from './support/built.js';
import { deploy } from './support/deployment.js';
import { SPEC } from './support/desk-provider.js';
import { rejection } from './support/errors.js';
import { IamServer } from './support/iam-server.js';
import type { FunctionFailure } from './support/lambda-runtime.js';
import { manifestOf, rotatorsIn } from './support/rotators.js';

const LAMBDAS = built('lambda');
const REPORT: Readonly<Record<string, Record<'initModules' | 'lazyModules', readonly string[]>>> = JSON.parse(
  readFileSync(join(LAMBDAS, 'report.json'), 'utf8'),
);

const started: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

/** A bundle, deployed for the time of a test. */
async function deployed(...args: Parameters<typeof deploy>) {
  const deployment = await deploy(...args);
  started.push(deployment);
  return deployment;
}

test('the bundle of iam rotates an access key', async () => {
  const aws = await IamServer.start();
  started.push(aws);
  aws.account.users.set('app', []);
  const url = `http://127.0.0.1:${aws.port}`;
  const { rotate, value } = await deployed('iam', JSON.stringify(aws.account.issue('app')), {
    AWS_ENDPOINT_URL_IAM: url,
    AWS_ENDPOINT_URL_STS: url,
  });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const { accessKeyId, secretAccessKey } = await value('AWSCURRENT');
  expect(aws.account.accepts(accessKeyId, secretAccessKey)).toBe(true);
  expect(aws.account.live('app')).toHaveLength(2);
});

/** Has a bundle take a step of a secret that there is not. */
async function missed(bundle: string) {
  const deployment = await deployed(bundle, '{}', { API_KEY_SPEC: SPEC });
  const event = {
    Step: 'createSecret',
    SecretId: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf',
    ClientRequestToken: '5048d7b2-c0a9-4b9c-8a1e-0d9a2f1a7f54',
  };
  const work = deployment.runtime.invoke(event, { getRemainingTimeInMillis: () => 30_000 });
  return { ...deployment, failure: await rejection(work) };
}

test.each(Object.keys(REPORT))('the bundle of %s answers', async (bundle) => {
  const { failure, logged } = await missed(bundle);
  expect(failure).toMatchObject({
    name: 'RotationError',
    message: expect.stringContaining('ResourceNotFoundException'),
  });
  expect(logged()).toMatchObject([{ code: 'ERR_SECRETS_MANAGER_FAILED' }]);
});

test('a map beside the bundle, and not in it, tells where in the source a failure came from', async () => {
  const { failure } = await missed('service-token');
  const [, line, column] = /index\.mjs:(\d+):(\d+)/.exec((failure as FunctionFailure).body) ?? [];
  const map = new SourceMap(
    JSON.parse(readFileSync(join(LAMBDAS, '../lambda-maps/service-token/index.mjs.map'), 'utf8')),
  );
  expect(map.findEntry(Number(line) - 1, Number(column) - 1)).toMatchObject({
    originalSource: expect.stringMatching(/^(\.\.\/)+src\/engine\/secrets-manager\.ts$/),
  });
  expect(readdirSync(join(LAMBDAS, 'service-token'), { recursive: true })).not.toContainEqual(
    expect.stringMatching(/\.map$/),
  );
});

test('what a bundle loads later can be loaded, where code from strings is not allowed', () => {
  const parts = Object.keys(REPORT)
    .map((bundle) => join(LAMBDAS, bundle, 'chunks'))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const script = 'for (const part of process.argv.slice(1)) await import(part)';
  const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '--eval', script];
  expect(execFileSync(process.execPath, [...flags, ...parts]).toString()).toBe('');
});

test.each(Object.keys(REPORT))('beside the bundle of %s are the licences of all that is in it', (bundle) => {
  const { initModules, lazyModules } = REPORT[bundle]!;
  const names = [...initModules, ...lazyModules].flatMap(
    (path) => /^(?:@[^/]+\/)?[\w-][\w.-]*/.exec(path) ?? [],
  );
  const licences = readFileSync(join(LAMBDAS, bundle, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  const titles = [...licences.matchAll(/^(\S+) \d[\w.-]* \((?:MIT|MIT-0|ISC|Apache-2\.0)\)$/gm)];
  expect(titles.map(([, name]) => name)).toEqual(expect.arrayContaining([...new Set(names)]));
  expect(licences.includes('Copyright (c) 2010 - 2021 Brian Carlson')).toBe(bundle.startsWith('postgres'));
});

test('there is a bundle for each rotator that has a lambda.ts', () => {
  const folders = rotatorsIn().map((rotator) => rotator.replaceAll('/', '-'));
  expect(Object.keys(REPORT).sort()).toEqual(folders.sort());
});

test('no bundle has a right, nor what it is for: that stays in the source', () => {
  const permissions = rotatorsIn().flatMap((rotator) => {
    const { permissions, onSecret = [] } = manifestOf(rotator);
    return [...permissions, ...onSecret];
  });
  const known = [...new Set([...permissions, ...ON_SECRET].map(({ why }) => why))];
  expect(known.length).toBeGreaterThan(15);
  for (const bundle of Object.keys(REPORT)) {
    const files = readdirSync(join(LAMBDAS, bundle), { recursive: true, encoding: 'utf8' });
    const code = files
      .filter((path) => path.endsWith('.mjs'))
      .map((path) => readFileSync(join(LAMBDAS, bundle, path), 'utf8'))
      .join('\n');
    // Such a sentence is found, where there is one.
    expect(code).toContain('remove that label and rotate again');
    expect(known.filter((why) => code.includes(why))).toEqual([]);
    expect(code).not.toContain('isEnvironmentRequired');
  }
});
