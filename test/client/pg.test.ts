import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import newest from 'pg';
import { alternatingUsers, postgres } from '../../rotators/postgres/index.js';
import { type ClientEvent, onClientEvent, rotatingSecret } from '../../src/client/index.js';
import { type Pg, rotatingPool } from '../../src/client/pg/index.js';
import { LocalSecretsManager, rig } from '../../src/testing/index.js';
import { startTestServer, type TestServer } from '../support/postgres.js';

// An older minor of the same package, which has no types.
const oldest: Pg = require('pg-oldest');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ settings: { max_connections: '60' } });
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD 'admin-password-1'`);
});
afterAll(async () => {
  // pg tells that a pool has ended before its sessions have: the server would end them, and pg throw.
  const sessions = `SELECT 1 FROM pg_stat_activity WHERE usename LIKE 'app%'`;
  while ((await server.sql(sessions)).length > 0) await sleep(10);
  await server.stop();
});

let users = 0;
/** A user, its secret, a rotation of it, and what a pool of it needs. */
async function world(kind: 'single' | 'alternating', options: { readonly freshMs?: number } = {}) {
  const user = `app${++users}`;
  await server.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'first-password-1'`);
  await server.sql(`GRANT ${user} TO admin WITH ADMIN OPTION`);
  const secrets = new LocalSecretsManager();
  const first = JSON.parse(server.secret(user, 'first-password-1'));
  const admin = JSON.parse(server.secret('admin', 'admin-password-1'));
  const alternating = kind === 'alternating';
  const common = {
    secrets,
    secret: { ...first, ...(alternating && { masterarn: 'admin' }) },
    others: { admin },
  };
  const { rotate, begin, secretId } = alternating
    ? await rig(alternatingUsers(), common)
    : await rig(postgres(), common);
  const secret = rotatingSecret(secretId, { client: secrets, ...options });
  const place = { ssl: false, max: 4 } as const;
  return { user, secrets, secretId, secret, place, rotate, begin };
}

/** Queries without pause until it is stopped. */
function workload(pool: newest.Pool, workers = 8) {
  const counts = { queries: 0, errors: [] as unknown[] };
  let isOver = false;
  const running = Array.from({ length: workers }, async () => {
    while (!isOver) {
      counts.queries++;
      await pool.query('SELECT 1').catch((error) => counts.errors.push(error));
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(running);
    return counts;
  };
}

describe.each([
  ['newest', newest],
  ['oldest', oldest],
])('the %s supported pg', (_, pg) => {
  test('no query fails while a single user’s password is rotated under a pool that reconnects', async () => {
    const { secret, secrets, secretId, place, begin } = await world('single');
    const pool = rotatingPool(pg, secret, { ...place, maxUses: 5 });
    const stop = workload(pool);
    for (let n = 0; n < 3; n++) {
      await begin();
      for (let end: unknown; !end; ) {
        end = await secrets.rotation(secretId).runStep();
        await sleep(60);
      }
    }
    const { queries, errors } = await stop();
    await pool.end();
    secret.close();
    expect(errors).toEqual([]);
    expect(queries).toBeGreaterThan(10);
  });

  test('user and password change together, and old users’ sessions end one by one, idle ones too', async () => {
    const { user, secret, place, rotate } = await world('alternating');
    const events: ClientEvent[] = [];
    const stopListening = onClientEvent((event) => events.push(event));
    const pool = rotatingPool(pg, secret, { ...place, idleTimeoutMillis: 0, retireMs: 3000 });
    const busy = await pool.connect();
    const four = await Promise.all([pool.connect(), pool.connect(), pool.connect()]);
    for (const client of four) client.release();
    await rotate();
    secret.invalidate();
    await secret.get();
    const stop = workload(pool, 2);
    await sleep(200);
    expect(events.filter(({ type }) => type === 'retired')).toEqual([]);
    expect((await stop()).errors).toEqual([]);
    // All but the one that is in use, without anybody asking for a session.
    await sleep(4500);
    const { rows } = await busy.query('SELECT session_user AS name');
    expect(rows).toEqual([{ name: user }]);
    expect(events.filter(({ type }) => type === 'retired').length).toBeGreaterThanOrEqual(3);
    // No user was tried with the other's password.
    expect(events.filter(({ type }) => type === 'refused')).toEqual([]);
    busy.release();
    await sleep(200);
    const sessions = await server.sql(`SELECT usename FROM pg_stat_activity WHERE usename LIKE '${user}%'`);
    expect(sessions.filter(({ usename }) => usename === user)).toEqual([]);
    expect((await pool.query('SELECT session_user AS name')).rows).toEqual([{ name: `${user}_clone` }]);
    stopListening();
    await pool.end();
    secret.close();
  });

  test('a session of the old user serves those that wait before it ends', async () => {
    const { user, secret, place, rotate } = await world('alternating');
    const pool = rotatingPool(pg, secret, { ...place, max: 1, retireMs: 1 });
    const only = await pool.connect();
    await rotate();
    secret.invalidate();
    await secret.get();
    await sleep(1200);
    const waiting = [1, 2].map(() => pool.query('SELECT session_user AS name'));
    only.release();
    const [first, second] = await Promise.all(waiting);
    expect(first?.rows).toEqual([{ name: user }]);
    expect(second?.rows).toEqual([{ name: user }]);
    await sleep(50);
    expect((await pool.query('SELECT session_user AS name')).rows).toEqual([{ name: `${user}_clone` }]);
    await pool.end();
    secret.close();
  });

  test('nothing of the password is in the pool, its options, its sessions or its errors', async () => {
    const { user, secret, place } = await world('single');
    const pool = rotatingPool(pg, secret, place);
    const client = await pool.connect();
    await server.sql(`ALTER ROLE ${user} PASSWORD 'other-password-2'`);
    const impatient = rotatingPool(pg, secret, { ...place, connectionTimeoutMillis: 300 });
    const error = await impatient.query('SELECT 1').catch((thrown) => thrown);
    const all = {
      pool,
      options: pool.options,
      client,
      secret,
      version: await secret.get(),
      error,
      impatient,
    };
    for (const getters of [false, true]) {
      const shown = inspect(all, { depth: 20, showHidden: true, getters, maxStringLength: null });
      // Not `not.toContain`, which would print all.
      expect(shown.split('\n').filter((line) => line.includes('first-password'))).toEqual([]);
    }
    expect(JSON.stringify([pool.options, error, secret, await secret.get()])).not.toContain('first-password');
    client.release();
    await pool.end();
    await impatient.end();
    secret.close();
  });

  test('what is rejected within the connect timeout is the driver’s own error', async () => {
    const { user, secret, place } = await world('single');
    await server.sql(`ALTER ROLE ${user} PASSWORD 'other-password-2'`);
    const pool = rotatingPool(pg, secret, { ...place, connectionTimeoutMillis: 500 });
    const from = Date.now();
    const errors = await Promise.all(
      Array.from({ length: 4 }, () => pool.query('SELECT 1').catch((error) => error)),
    );
    expect(Date.now() - from).toBeLessThan(10_000);
    for (const error of errors) expect(error).toMatchObject({ code: '28P01' });
    await server.sql(`ALTER ROLE ${user} PASSWORD 'first-password-1'`);
    await sleep(1600);
    const patient = rotatingPool(pg, secret, place);
    expect((await patient.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
    await patient.end();
    secret.close();
  });

  test('sessions that are never to be retired cost no timer that fires all the time', async () => {
    const { secret, place, rotate } = await world('alternating');
    const pool = rotatingPool(pg, secret, { ...place, retireMs: Number.POSITIVE_INFINITY });
    (await pool.connect()).release();
    await rotate();
    secret.invalidate();
    await secret.get();
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await sleep(500);
    expect(timers.mock.calls.length).toBeLessThan(50);
    timers.mockRestore();
    await pool.end();
    secret.close();
  });

  test('a password that nobody knows: all that wait in the queue hear it after one window, and few log in', async () => {
    const { user, secret, place } = await world('single');
    const pool = rotatingPool(pg, secret, { ...place, max: 4, maxUses: 1 });
    const session = await pool.connect();
    await server.sql(`ALTER ROLE ${user} PASSWORD 'nobody-knows-it-4'`);
    const waiting = Array.from({ length: 300 }, () => pool.connect());
    session.release(true);
    const from = Date.now();
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({ reason: { code: '28P01' } });
    }
    // One after another they would take a quarter of an hour.
    expect(Date.now() - from).toBeLessThan(60_000);
    await pool.end();
    secret.close();
  });

  test('all tries to connect together take no longer than the connect timeout', async () => {
    const { user, secret, place } = await world('single');
    await server.sql(`ALTER ROLE ${user} PASSWORD 'other-password-2'`);
    const timeoutMs = 4000;
    const pool = rotatingPool(pg, secret, { ...place, max: 2, connectionTimeoutMillis: timeoutMs });
    let isSecond = false;
    // Begins with the first, and ends with the second of two timeouts.
    const second = sleep(1.5 * timeoutMs).then(() => {
      isSecond = true;
    });
    await Promise.allSettled(Array.from({ length: 100 }, () => pool.connect()));
    expect(isSecond).toBe(false);
    await second;
    await pool.end();
    secret.close();
  });

  test('a pool that ends while its callers wait for a version ends at once, and so do they', async () => {
    const { user, secret, place } = await world('single');
    const pool = rotatingPool(pg, secret, { ...place, max: 2 });
    (await pool.connect()).release(true);
    await server.sql(`ALTER ROLE ${user} PASSWORD 'nobody-knows-it-4'`);
    const waiting = Array.from({ length: 20 }, () => pool.connect());
    const outcomes = Promise.allSettled(waiting);
    await sleep(500);
    const from = Date.now();
    await pool.end();
    for (const { status } of await outcomes) expect(status).toBe('rejected');
    expect(Date.now() - from).toBeLessThan(5000);
    secret.close();
  });

  test('a function of the application that raises 28P01 runs once', async () => {
    const { user, secret, place } = await world('single');
    await server.sql(`CREATE TABLE IF NOT EXISTS orders (who text)`);
    await server.sql(`CREATE OR REPLACE FUNCTION sign_in() RETURNS void LANGUAGE plpgsql AS
      $$ BEGIN RAISE invalid_password USING MESSAGE = 'the end user mistyped'; END $$`);
    await server.sql(`GRANT ALL ON orders TO ${user}`);
    const pool = rotatingPool(pg, secret, place);
    await pool.query('INSERT INTO orders VALUES ($1)', [user]);
    await expect(pool.query('SELECT sign_in()')).rejects.toMatchObject({ code: '28P01' });
    expect(await server.sql(`SELECT count(*)::int AS n FROM orders WHERE who = '${user}'`)).toEqual([
      { n: 1 },
    ]);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await pool.end();
    secret.close();
  });

  test('host and port of the configuration win, those of the secret fill in; callbacks work', async () => {
    const { secret, place, user } = await world('single');
    const elsewhere = rotatingPool(pg, secret, { ...place, host: '127.0.0.1', port: 1 });
    await expect(elsewhere.query('SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const pool = rotatingPool(pg, secret, place);
    const name = await new Promise((resolve, reject) => {
      pool.connect((error, client, release) => {
        if (error || !client) return reject(error);
        void client.query('SELECT current_user AS name', (failed, result) => {
          release();
          if (failed) reject(failed);
          else resolve(result.rows[0].name);
        });
      });
    });
    expect(name).toBe(user);
    await new Promise<void>((resolve) => void pool.end(resolve));
    secret.close();
  });
});

test.each([
  [{ connectionString: 'postgres://app:secret@db' }, 'connectionString'],
  [{ user: 'app' }, 'user'],
  [{ password: 'secret' }, 'password'],
] as const)('a configuration with %j is refused', (config, name) => {
  const secret = rotatingSecret('app/db');
  expect(() => rotatingPool(newest, secret, config as object)).toThrow(
    `remove ${name}: the secret decides who logs in`,
  );
});

test('a secret that is not a database’s says which field is missing, and not its value', async () => {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'key', SecretString: '{"password":"first-password-1"}' });
  const pool = rotatingPool(newest, rotatingSecret('key', { client: secrets }));
  const error = await pool.query('SELECT 1').catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: 'ERR_SECRET_MALFORMED',
    message: '"username" in the value of key must be a nonempty string',
  });
  await pool.end();
});

test('a new AWSCURRENT without a password changes nothing for a pool, and an event reports it', async () => {
  const user = `app${++users}`;
  await server.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'first-password-1'`);
  const SecretString = server.secret(user, 'first-password-1');
  const secrets = new LocalSecretsManager();
  const { VersionId: first } = await secrets.createSecret({ Name: 'db', SecretString });
  const secret = rotatingSecret('db', { client: secrets });
  const events: ClientEvent[] = [];
  const stopListening = onClientEvent((event) => events.push(event));
  const pool = rotatingPool(newest, secret, { ssl: false, maxUses: 1 });
  await pool.query('SELECT 1');
  const { password, ...rest } = JSON.parse(SecretString);
  const typo = JSON.stringify({ ...rest, pasword: password });
  await secrets.putSecretValue({ SecretId: 'db', SecretString: typo });
  secret.invalidate();
  expect(await secret.get()).toMatchObject({ versionId: first });
  expect((await pool.query('SELECT 1')).rowCount).toBe(1);
  expect(events).toContainEqual(
    expect.objectContaining({ type: 'read-failed', code: 'ERR_SECRET_MALFORMED' }),
  );
  expect(events.filter(({ type }) => type === 'read')).toHaveLength(1);
  expect(JSON.stringify(events)).not.toContain('first-password');
  stopListening();
  await pool.end();
  secret.close();
});

test('a pool logs in soon after somebody adds the password that the first value did not have', async () => {
  const user = `app${++users}`;
  await server.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'first-password-1'`);
  const SecretString = server.secret(user, 'first-password-1');
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'db', SecretString: JSON.stringify({ username: user }) });
  const secret = rotatingSecret('db', { client: secrets });
  const pool = rotatingPool(newest, secret, { ssl: false });
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
  await secrets.putSecretValue({ SecretId: 'db', SecretString });
  await sleep(1100);
  expect((await pool.query('SELECT 1')).rowCount).toBe(1);
  await pool.end();
  secret.close();
});
