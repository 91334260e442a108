import { createServer } from 'node:net';
import { Client } from 'pg';
import type { Step } from '../../../src/index.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { FaultyClient } from '../../support/faulty-client.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer({
    settings: {
      log_statement: 'all',
      log_min_duration_statement: '0',
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_utility': 'on',
    },
  });
  await server.sql('CREATE EXTENSION pg_stat_statements');
});

afterAll(() => server.stop());

/** A separate role for each test. */
async function role(name = `app_${++count}`, attributes = ''): Promise<string> {
  const quoted = `"${name.replaceAll('"', '""')}"`;
  await server.sql(`CREATE ROLE ${quoted} LOGIN PASSWORD '${FIRST}' ${attributes}`);
  return name;
}

test('a rotation changes the password, three times over', async () => {
  const app = await role();
  const { begin, rotation, password } = await postgresRig(server.secret(app, FIRST));
  for (let n = 0; n < 3; n++) {
    const old = await password('AWSCURRENT');
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await password('AWSPREVIOUS')).toBe(old);
    expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
    expect(await server.accepts(app, old)).toBe(false);
  }
});

test('with RotateImmediately=false the password is tested, and stays', async () => {
  const app = await role();
  const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
  const before = await server.verifierOf(app);
  await begin({ RotateImmediately: false });
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  expect(await server.verifierOf(app)).toBe(before);
});

describe('dying', () => {
  const died = new Error('the container died');
  const EFFECTS = {
    createSecret: 'putSecretValue',
    finishSecret: 'updateSecretVersionStage',
  } as const;

  test.each(STEPS.flatMap((step) => [[step, 'before'] as const, [step, 'after'] as const]))(
    'in %s, %s its effect, is followed by a repetition from createSecret that ends well',
    async (step, when) => {
      const app = await role();
      let faulty: FaultyClient | undefined;
      const { begin, rotation, deliver, password } = await postgresRig(server.secret(app, FIRST), {
        client: (secrets) => {
          faulty = new FaultyClient(secrets);
          return faulty;
        },
      });
      await begin();
      for (const earlier of STEPS.slice(0, STEPS.indexOf(step))) await deliver(earlier);
      if (step === 'createSecret' || step === 'finishSecret') {
        faulty?.fail(EFFECTS[step], died, { when });
        await deliver(step).catch(() => {});
      } else if (when === 'after') {
        await deliver(step);
      } else {
        // The session is cut before the statement: the server has been asked to log in, and nothing more.
        await server.sql(`ALTER ROLE "${app}" CONNECTION LIMIT 0`);
        await rejection(deliver(step));
        await server.sql(`ALTER ROLE "${app}" CONNECTION LIMIT -1`);
      }
      const report = await rotation().reattempt();
      expect(report).toMatchObject({ outcome: 'succeeded' });
      expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
      expect(await password('AWSCURRENT')).not.toBe(FIRST);
      expect(await password('AWSPREVIOUS')).toBe(FIRST);
    },
  );

  test('every step may be delivered twice in a row, and twice at once', async () => {
    const app = await role();
    const { begin, deliver, password } = await postgresRig(server.secret(app, FIRST));
    await begin();
    for (const step of STEPS) {
      await deliver(step);
      await Promise.all([deliver(step), deliver(step)]);
    }
    expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
  });

  test('a change that twenty attempts make at once is made', async () => {
    const app = await role();
    const { begin, deliver, password } = await postgresRig(server.secret(app, FIRST));
    await begin();
    await deliver('createSecret');
    await Promise.all(Array.from({ length: 20 }, () => deliver('setSecret')));
    expect(await server.accepts(app, await password('AWSPENDING'))).toBe(true);
  });
});

describe('setSecret logs in', () => {
  test('with AWSPENDING when an earlier attempt has set it, and sets it again', async () => {
    const app = await role();
    const { begin, deliver } = await postgresRig(server.secret(app, FIRST));
    await begin();
    await deliver('createSecret');
    await deliver('setSecret');
    const before = await server.verifierOf(app);
    await deliver('setSecret');
    expect(await server.verifierOf(app)).not.toBe(before);
  });

  test('with AWSPREVIOUS when the label of a dead value was moved to AWSCURRENT', async () => {
    const app = await role();
    const { secrets, begin, rotation, password } = await postgresRig(server.secret(app, FIRST));
    await secrets.putSecretValue({ SecretId: 'db', SecretString: server.secret(app, 'never-set-password') });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
  });

  test.each([
    ['another user', { username: 'postgres' }],
    ['another host', { host: '127.0.0.2' }],
  ])('never with an AWSPREVIOUS of %s', async (_, other) => {
    const app = await role();
    const { secrets, begin, rotation } = await postgresRig(server.secret(app, FIRST, other));
    await secrets.putSecretValue({ SecretId: 'db', SecretString: server.secret(app, 'never-set-password') });
    const before = await server.verifierOf(app);
    await begin();
    const { outcome, steps } = await rotation().run();
    expect(outcome).toBe('failed');
    expect(steps.at(-1)).toMatchObject({ step: 'setSecret', error: { code: 'ERR_CREDENTIAL_REJECTED' } });
    expect(await server.verifierOf(app)).toBe(before);
  });

  test('not at all when AWSPENDING names another host: nothing is sent there', async () => {
    const app = await role();
    let connections = 0;
    const trap = createServer(() => connections++).listen(0, '127.0.0.1');
    await new Promise((resolve) => trap.once('listening', resolve));
    const address = trap.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const { beginWith, deliver } = await postgresRig(server.secret(app, FIRST));
    await beginWith(server.secret(app, FIRST, { host: 'localhost', port }));
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISMATCH' });
    trap.close();
    expect(connections).toBe(0);
    expect(await server.accepts(app, FIRST)).toBe(true);
  });

  test('once, on the normal path, and testSecret once: no login is refused', async () => {
    const app = await role();
    const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
    await server.sql(`ALTER SYSTEM SET log_connections = 'authentication'`);
    await server.sql('SELECT pg_reload_conf()');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = server.log().length;
    await begin();
    await rotation().run();
    const log = server.log().slice(before);
    await server.sql('ALTER SYSTEM RESET log_connections');
    await server.sql('SELECT pg_reload_conf()');
    expect(
      log.match(new RegExp(`connection authenticated: identity="${app}" method=scram-sha-256`, 'g')),
    ).toHaveLength(2);
    expect(log).not.toContain('authentication failed');
  });
});

describe('the password', () => {
  test('is in no log and no view of the server, not even when the statement fails', async () => {
    const app = await role();
    const { begin, deliver, password, log } = await postgresRig(server.secret(app, FIRST), {
      timeoutMs: 1000,
    });
    await begin();
    await deliver('createSecret');
    const pending = await password('AWSPENDING');

    // A failing ALTER ROLE: somebody holds the lock that it needs.
    const blocker = new Client({ ...server, user: 'postgres', database: 'postgres', ssl: false });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE pg_catalog.pg_authid IN SHARE MODE');
    const error = await rejection(deliver('setSecret'));
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(error).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT', message: expect.stringContaining('55P03') });
    await deliver('setSecret');
    await deliver('testSecret');

    const statements = server.log();
    expect(statements).toMatch(new RegExp(`ERROR: .*\\n.*STATEMENT: +ALTER ROLE "${app}" PASSWORD`));
    expect(statements).toMatch(new RegExp(`statement: ALTER ROLE "${app}" PASSWORD 'SCRAM-SHA-256\\$4096:`));
    const views = JSON.stringify([
      await server.sql('SELECT query FROM pg_stat_statements'),
      await server.sql('SELECT query FROM pg_stat_activity'),
    ]);
    expect(views).toContain('ALTER ROLE');
    for (const text of [statements, views, JSON.stringify(log), allOf(error)]) {
      expect(leaks(text, pending)).toBeUndefined();
    }
    expect(await server.accepts(app, pending)).toBe(true);
  });

  test('of people may have any character, for a user of any name', async () => {
    const app = await role('we"ird Röle; --');
    const odd = `q'uo"te\\back $1 Ⅸ ﬁ\u00a0x\u00ad é e\u0301 𝄞`;
    const { beginWith, deliver } = await postgresRig(server.secret(app, FIRST));
    await beginWith(server.secret(app, odd));
    for (const step of STEPS.slice(1)) await deliver(step);
    expect(await server.accepts(app, odd)).toBe(true);
  });

  test('is changed for a role that is read-only by default', async () => {
    const app = await role();
    await server.sql(`ALTER ROLE "${app}" SET default_transaction_read_only = on`);
    const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is hashed with as many iterations as the server says', async () => {
    const app = await role();
    await server.sql(`ALTER ROLE "${app}" SET scram_iterations = 120000`);
    const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.verifierOf(app)).toMatch(/^SCRAM-SHA-256\$120000:/);
  });
});

describe("a secret of AWS's functions", () => {
  // As Python's json.dumps writes it.
  const dumped = (password: string, app: string) =>
    `{"username": "${app}", "password": ${JSON.stringify(password)}, "engine": "aurora-postgresql", "host": "127.0.0.1", ` +
    `"port": "${server.port}", "dbInstanceIdentifier": "db-1", "account": 12345678901234567890, "ssl": "False"}`;

  test('is rotated as it is, and keeps its other fields to the byte', async () => {
    const app = await role();
    const { begin, rotation, text, password } = await postgresRig(dumped(FIRST, app));
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await text('AWSCURRENT')).toBe(dumped(await password('AWSCURRENT'), app));
  });

  test('is taken over in the midst of a rotation that the other function has begun', async () => {
    const app = await role();
    const { beginWith, rotation } = await postgresRig(dumped(FIRST, app));
    const pending = '!"#$%&()*+,-.;<=>?[]^_`{|}~Ab3';
    await beginWith(dumped(pending, app));
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(app, pending)).toBe(true);
  });

  test('with a url that holds the password is refused by name, before anything changes', async () => {
    const app = await role();
    const url = `postgres://${app}:${FIRST}@127.0.0.1/db`;
    const { begin, rotation, text } = await postgresRig(server.secret(app, FIRST, { url }));
    await begin();
    const { outcome, steps } = await rotation().run();
    expect(outcome).toBe('failed');
    expect(steps).toMatchObject([
      { step: 'createSecret', error: { code: 'ERR_STALE_FIELD', message: expect.stringContaining('"url"') } },
    ]);
    await expect(text('AWSPENDING')).rejects.toThrow();
    expect(await server.accepts(app, FIRST)).toBe(true);
  });
});

describe('parse', () => {
  test.each([
    ['another engine', { engine: 'mysql' }, '"engine" must be postgres or aurora-postgresql'],
    ['no host', { host: undefined }, '"host" is missing'],
    ['an empty host', { host: '' }, '"host" must be a string that is not empty'],
    ['no user', { username: undefined }, '"username" is missing'],
    ['a user with a NUL', { username: 'app\0database\0other' }, '"username" must not contain a NUL'],
    ['a password that is a number', { password: 12345678 }, '"password" must be a string that is not empty'],
    ['a port that is none', { port: 'five' }, '"port" must be a number'],
    ['a port that is too high', { port: 70000 }, '"port" must be a number'],
  ])('refuses %s by name', async (_, wrong, problem) => {
    const { begin, deliver } = await postgresRig(server.secret('app', FIRST, wrong));
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(problem),
    });
  });
  test.each([
    ['db.example.com:5432', '":"'],
    ['[::1]:5432', '"["'],
    ['::1]', '":"'],
    ['postgres://db.example.com', '":"'],
    ['jdbc:postgresql://db.example.com:5432/app', '":"'],
    ['db.example.com/app', '"/"'],
    ['db.example.com,db2.example.com', '","'],
    ['app@db.example.com', '"@"'],
    ['db.example.com ', 'a space or an invisible character'],
    ['\tdb.example.com', 'a space or an invisible character'],
    ['db.example.com\n', 'a space or an invisible character'],
    ['db.example.com\u200b', 'a space or an invisible character'],
    ['\ufeffdb.example.com', 'a space or an invisible character'],
  ])('refuses the host %j, says what is wrong with it, and stores nothing', async (host, alien) => {
    const { begin, deliver, text } = await postgresRig(server.secret('app', FIRST, { host }));
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(`"host" must be one host name or IP address; it contains ${alien}. `),
    });
    await expect(text('AWSPENDING')).rejects.toThrow();
  });

  test.each(['[::1]', '::1', 'db_1.example.com.', 'bücher.example', 'DB-1'])(
    'takes the host %s',
    async (host) => {
      const { begin, deliver, text } = await postgresRig(server.secret('app', FIRST, { host }));
      await begin();
      await deliver('createSecret');
      expect(JSON.parse(await text('AWSPENDING'))).toMatchObject({ host });
    },
  );
});
