import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { rotatingSecret } from '../../src/client/index.js';
import { rotatingPool } from '../../src/client/pg/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { count } from '../readme/client-events.js';
import { requireToken } from '../readme/client-express.js';
import { labelUpdated } from '../readme/client-invalidate.js';
import { queryAtEachStep } from '../readme/client-steps.js';
import { serve } from '../readme/client-stop.js';
import { watchRotations } from '../readme/client-stuck.js';
import { codeOf, examplesIn } from '../support/examples.js';
import { listening } from '../support/listening.js';
import { startTestServer, type TestServer } from '../support/postgres.js';

const ROOT = join(__dirname, '../..');
const PAGE = readFileSync(join(ROOT, 'docs/client.md'), 'utf8');

const FILES = [
  'pool',
  'mysql',
  'session',
  'http',
  'lambda',
  'invalidate',
  'events',
  'express',
  'steps',
  'stop',
  'stuck',
  'token',
];

test.each(FILES)('the page has the code of test/readme/client-%s.ts', (name) => {
  const code = readFileSync(join(ROOT, `test/readme/client-${name}.ts`), 'utf8').replace(
    /'\.\.\/\.\.\/(?:src\/)?(client(?:\/pg|\/mysql2)?|testing|rotators\/postgres)\/index\.js'/g,
    "'quarterturn/$1'",
  );
  expect(PAGE).toContain(`\`\`\`ts\n${code}\`\`\`\n`);
});

test('the page has no other code, a row for each error code and each event, and links that resolve', () => {
  expect(PAGE.match(/^```ts$/gm)).toHaveLength(FILES.length);
  const source = (name: string) => readFileSync(join(ROOT, 'src/client', name), 'utf8');
  const codes = new Set(source('secret-error.ts').match(/ERR_[A-Z_]+/g));
  expect(new Set(PAGE.match(/^\| `ERR_[A-Z_]+`/gm)?.map((row) => row.slice(3, -1)))).toEqual(codes);
  const types = [...source('events.ts').matchAll(/readonly type: ([^;}]*)/g)].flatMap(
    ([, names = '']) => names.match(/(?<=')[a-z-]+(?=')/g) ?? [],
  );
  expect(types.length).toBeGreaterThan(8);
  for (const type of types) expect(PAGE).toContain(`\`${type}\``);
  for (const [, path] of PAGE.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
    expect(existsSync(join(ROOT, 'docs', path!))).toBe(true);
  }
});

test.each([
  'src/client/rotating-secret.ts',
  'src/client/with-secret.ts',
  'src/client/prefetch.ts',
  'src/client/events.ts',
  'src/client/http/rotating-fetch.ts',
  'src/client/http/token-guard.ts',
  'src/client/pg/index.ts',
  'src/client/mysql2/index.ts',
  'src/local/client.ts',
])('%s has an example, which is compiled', (path) => {
  const examples = examplesIn(path);
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(codeOf('test/readme/client-examples.ts')).toContain(example);
});

test('the policies are JSON, and allow reading one secret and nothing else', () => {
  const [pattern, policy, condition] = [...PAGE.matchAll(/```json\n([^`]*)```/g)].map(([, json = '']) =>
    JSON.parse(json),
  );
  expect(policy.Statement.map(({ Action }: { Action: string }) => Action)).toEqual([
    'secretsmanager:GetSecretValue',
    'kms:Decrypt',
  ]);
  expect(condition).toEqual({ StringEquals: { 'secretsmanager:VersionStage': 'AWSCURRENT' } });
  expect(pattern.detail).toEqual({ labelUpdated: ['AWSCURRENT'] });
});

describe('its code, with the SDK of the environment and a Secrets Manager behind a socket', () => {
  let server: TestServer;
  const secrets = new LocalSecretsManager();
  let stop = async () => {};
  const environment = { ...process.env };
  beforeAll(async () => {
    server = await startTestServer();
    await server.sql(`CREATE ROLE app LOGIN PASSWORD 'first-password-1'`);
    await secrets.createSecret({ Name: 'app/db', SecretString: server.secret('app', 'first-password-1') });
    await secrets.createSecret({ Name: 'billing/key', SecretString: '{"apiKey":"key-number-one"}' });
    await secrets.createSecret({ Name: 'gate/token', SecretString: '{"current":"token-number-one"}' });
    const { url, close } = await secrets.listen();
    stop = close;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_SECRETS_MANAGER: url,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      PGSSLMODE: 'disable',
    });
  });
  afterAll(async () => {
    process.env = environment;
    await stop();
    await server.stop();
  });

  /** The password changes as it does in setSecret of a rotation. */
  async function isBetweenSteps(password: string) {
    const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'app/db' });
    const pending = JSON.stringify({ ...JSON.parse(SecretString), password });
    await secrets.putSecretValue({
      SecretId: 'app/db',
      SecretString: pending,
      VersionStages: ['AWSPENDING'],
    });
    await server.sql(`ALTER ROLE app PASSWORD '${password}'`);
  }

  test('a pool, a session of its own and a function of Lambda log in between two steps of a rotation', async () => {
    const { pool, secret } = await import('../readme/client-pool.js');
    const { runOnce } = await import('../readme/client-session.js');
    const { handler, pool: ofLambda } = await import('../readme/client-lambda.js');
    const context = { getRemainingTimeInMillis: () => 5000 };
    const logIns = async () => {
      expect((await pool.query('SELECT current_user AS name')).rows).toEqual([{ name: 'app' }]);
      expect((await runOnce('SELECT current_user AS name')).rows).toEqual([{ name: 'app' }]);
      expect(await handler({}, context)).toHaveLength(1);
    };
    await logIns();
    const ended = new Promise((resolve) => pool.once('remove', resolve));
    const client = await pool.connect();
    client.release(true);
    await ended;
    await isBetweenSteps('second-password-2');
    await logIns();
    await pool.end();
    await ofLambda.end();
    secret.close();
  });

  test('a pool answers after each step of a rotation in a test', async () => {
    await server.sql(`CREATE ROLE steps LOGIN PASSWORD 'first-password-1'`);
    await queryAtEachStep(JSON.parse(server.secret('steps', 'first-password-1')));
    const first = new pg.Client({ ...JSON.parse(server.secret('steps', 'first-password-1')), user: 'steps' });
    await expect(first.connect()).rejects.toMatchObject({ code: '28P01' });
  });

  test('the alarm sounds while AWSCURRENT stays after AWSPENDING was used, and not after it has moved', async () => {
    const own = new LocalSecretsManager();
    const value = (password: string) => JSON.stringify({ username: 'app', password });
    await own.createSecret({ Name: 'stuck', SecretString: value('first') });
    const alarms: string[] = [];
    const stop = watchRotations((secretId) => alarms.push(secretId), 0);
    const secret = rotatingSecret<{ password: string }>('stuck', { client: own });
    const accepted = async (password: string) =>
      secret.logIn(async (login) => {
        if (login.password !== password) throw Object.assign(new Error('refused'), { code: '28P01' });
      });
    await accepted('first');
    await secret.get({ maxAgeMs: 0 });
    expect(alarms).toEqual([]);
    const { VersionId } = await own.putSecretValue({
      SecretId: 'stuck',
      SecretString: value('second'),
      VersionStages: ['AWSPENDING'],
    });
    await accepted('second');
    await secret.get({ maxAgeMs: 0 });
    expect(alarms).toEqual(['stuck']);
    const { VersionId: first } = await own.getSecretValue({ SecretId: 'stuck' });
    await own.updateSecretVersionStage({
      SecretId: 'stuck',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: VersionId,
      RemoveFromVersionId: first,
    });
    await secret.get({ maxAgeMs: 0 });
    await secret.get({ maxAgeMs: 0 });
    expect(alarms).toEqual(['stuck']);
    stop();
    secret.close();
  });

  test('a server reads the secret before it listens, and SIGTERM ends it, the pool and the secret', async () => {
    const secret = rotatingSecret('app/db', { client: secrets });
    const pool = rotatingPool(pg, secret);
    const api = createServer();
    await serve(api, 0, pool, secret);
    await once(api, 'listening');
    expect((await pool.query('SELECT current_user AS name')).rows).toEqual([{ name: 'app' }]);
    process.emit('SIGTERM');
    await once(api, 'close');
    while (await secret.get().catch(() => undefined)) await sleep(10);
    await expect(secret.get()).rejects.toMatchObject({ code: 'ERR_SECRET_CLOSED' });
    expect(pool.ended).toBe(true);
    const missing = rotatingSecret('not/there', { client: secrets });
    await expect(serve(api, 0, pool, missing)).rejects.toMatchObject({ code: 'ERR_SECRET_DENIED' });
    expect(api.listening).toBe(false);
  });

  test('a signed request, a guard, middleware, an event and a count', async () => {
    const counted: string[] = [];
    const stopCounting = count((type, secretId) => counted.push(`${type} ${secretId}`));
    const { signedFetch } = await import('../readme/client-http.js');
    const api = createServer((request, response) => {
      response.writeHead(request.headers['x-api-key'] === 'key-number-one' ? 200 : 401).end();
    });
    expect((await signedFetch(`http://127.0.0.1:${await listening(api)}/`)).status).toBe(200);
    api.close();
    const { gateFetch } = await import('../readme/client-token.js');
    const gate = createServer(({ headers }, answer) => answer.end(headers.authorization));
    const answer = await gateFetch(`http://127.0.0.1:${await listening(gate)}/`);
    expect(await answer.text()).toBe('Bearer token-number-one');
    gate.close();
    const { isKnown } = await import('../readme/token-guard.js');
    const statuses: number[] = [];
    const response = { sendStatus: (status: number) => statuses.push(status) };
    const next = jest.fn();
    for (const token of ['token-number-one', 'token-number-two']) {
      await requireToken(isKnown)({ headers: { authorization: `Bearer ${token}` } }, response, next);
    }
    expect([next.mock.calls.length, statuses]).toEqual([1, [401]]);
    const away = new Error('the secret could never be read');
    await requireToken(() => Promise.reject(away))({ headers: {} }, response, next);
    expect(next).toHaveBeenLastCalledWith(away);
    expect(statuses).toEqual([401]);
    expect(counted).toEqual(expect.arrayContaining(['read billing/key', 'read gate/token']));
    stopCounting();
  });

  test('the event "Secret Label Updated" looks at the secret that it names', async () => {
    const { ARN = '' } = await secrets.describeSecret({ SecretId: 'gate/token' });
    const ids = ['gate/token', ARN, ARN.slice(0, -7), 'billing/key'];
    const all = ids.map((id) => rotatingSecret(id, { client: secrets }));
    for (const held of all) await held.get();
    const { VersionId } = await secrets.putSecretValue({
      SecretId: 'gate/token',
      SecretString: '{"current":"token-2"}',
    });
    const detail = { name: ['gate/token'], labelUpdated: ['AWSCURRENT'], versionId: VersionId };
    labelUpdated(JSON.stringify({ 'detail-type': 'Secret Label Updated', detail }), all);
    const versions = await Promise.all(all.map((held) => held.get()));
    expect(versions.map(({ versionId }) => versionId === VersionId)).toEqual([true, true, true, false]);
    for (const held of all) held.close();
  });
});
