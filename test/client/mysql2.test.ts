import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import newest from 'mysql2';
import { type ClientEvent, onClientEvent, rotatingSecret } from '../../src/client/index.js';
import { type Mysql2, rotatingMysqlPool } from '../../src/client/mysql2/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { describeServers } from '../support/mysql-programs.js';
import { makeAdministrator, mysqlRig } from '../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../support/mysql-servers.js';

// An older release of the same package, which TypeScript takes for another one.
const oldest: Mysql2 = require('mysql2-oldest');

const DRIVERS = { newest, oldest } as const;

test.each([
  ['newest', require('mysql2/promise')],
  ['oldest', require('mysql2-oldest/promise')],
])('mysql2/promise of the %s mysql2 is refused: its pool would log in without the secret', (_, promise) => {
  const secret = rotatingSecret('db', { client: new LocalSecretsManager() });
  expect(() => rotatingMysqlPool(promise, secret)).toThrow(
    new TypeError('pass mysql2, not mysql2/promise: the pool has promise()'),
  );
});

describeServers('rotatingMysqlPool', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  let users = 0;
  async function world(options: { readonly windowMs?: number } = {}) {
    const user = `app${++users}`;
    await server.sql(`CREATE USER ${user} IDENTIFIED BY 'first-password-1'`);
    const secrets = new LocalSecretsManager();
    const first = { username: user, password: 'first-password-1', host: '127.0.0.1', port: server.port };
    await secrets.createSecret({ Name: 'db', SecretString: JSON.stringify(first) });
    const secret = rotatingSecret('db', { client: secrets, ...options });
    /** As a rotation of one user does, with a pause between its steps. */
    const rotate = async (password: string, ms: number) => {
      const SecretString = JSON.stringify({ ...first, password });
      const stored = { SecretId: 'db', SecretString, VersionStages: ['AWSPENDING'] };
      const { VersionId = '' } = await secrets.putSecretValue(stored);
      await sleep(ms);
      await server.sql(`ALTER USER ${user} IDENTIFIED BY '${password}'`);
      await sleep(ms);
      const { VersionId: current = '' } = await secrets.getSecretValue({ SecretId: 'db' });
      const move = { MoveToVersionId: VersionId, RemoveFromVersionId: current };
      await secrets.updateSecretVersionStage({ SecretId: 'db', VersionStage: 'AWSCURRENT', ...move });
      await sleep(ms);
    };
    return {
      user,
      first,
      secrets,
      secret,
      rotate,
      config: { connectionLimit: 4, ssl: { rejectUnauthorized: false } },
    };
  }

  for (const [name, mysql] of Object.entries(DRIVERS)) {
    test(`the ${name} supported mysql2: no query fails while a password is rotated under a pool that reconnects`, async () => {
      const { secret, rotate, config } = await world();
      const pool = rotatingMysqlPool(mysql, secret, config);
      const promises = pool.promise();
      const end = traffic(promises);
      for (const password of ['second-password-2', 'third-password-3']) await rotate(password, 150);
      const { queries, errors } = await end();
      await promises.end();
      secret.close();
      expect(errors).toEqual([]);
      expect(queries).toBeGreaterThan(8);
    });

    test(`the ${name} supported mysql2: a password that is refused is tried once a back-off, however many wait for one session`, async () => {
      const { user, secret, config } = await world({ windowMs: 2500 });
      const pool = rotatingMysqlPool(mysql, secret, { ...config, connectionLimit: 1 });
      const promises = pool.promise();
      await promises.query('SELECT 1');
      const session = await promises.getConnection();
      await server.sql(`ALTER USER ${user} IDENTIFIED BY 'nobody-knows-it-4'`);
      const logins = await refusedLogins(server);
      const waiting = Promise.allSettled(Array.from({ length: 20 }, () => promises.getConnection()));
      session.destroy();
      const outcomes = await waiting;
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ reason: { code: 'ER_ACCESS_DENIED_ERROR' } });
      }
      // At 0 and 1 s, and what one caller after another had begun when the first was refused.
      expect((await refusedLogins(server)) - logins).toBeLessThanOrEqual(8);
      await promises.end();
      secret.close();
    });

    test(`the ${name} supported mysql2: a connect timeout of 0 is no limit, and callers hear at once that the pool has ended`, async () => {
      const { user, first, secret, secrets, config } = await world();
      const promises = rotatingMysqlPool(mysql, secret, { ...config, connectTimeout: 0 }).promise();
      (await promises.getConnection()).destroy();
      await server.sql(`ALTER USER ${user} IDENTIFIED BY 'second-password-2'`);
      const late = promises.getConnection();
      await sleep(1500);
      const SecretString = JSON.stringify({ ...first, password: 'second-password-2' });
      await secrets.putSecretValue({ SecretId: 'db', SecretString, VersionStages: ['AWSPENDING'] });
      (await late).destroy();

      await server.sql(`ALTER USER ${user} IDENTIFIED BY 'nobody-knows-it-4'`);
      const outcomes = Promise.allSettled(Array.from({ length: 20 }, () => promises.getConnection()));
      // Between two tries of what is refused.
      await sleep(4500);
      const from = Date.now();
      await promises.end();
      for (const { status } of await outcomes) expect(status).toBe('rejected');
      expect(Date.now() - from).toBeLessThan(1000);
      secret.close();
    });

    test(`the ${name} supported mysql2: no query fails while mysql() rotates two passwords of the user`, async () => {
      const rigged = await mysqlRig(server);
      const secret = rotatingSecret('db', {
        client: rigged.secrets,
        parse: (json) => ({ ...json, host: '127.0.0.1' }),
      });
      const pool = rotatingMysqlPool(mysql, secret, {
        connectionLimit: 4,
        ssl: { rejectUnauthorized: false },
      }).promise();
      const end = traffic(pool);
      for (let n = 0; n < 3; n++) {
        await rigged.begin();
        for (let outcome: unknown; !outcome; ) {
          outcome = await rigged.secrets.rotation('db').runStep();
          await sleep(60);
        }
      }
      const { queries, errors } = await end();
      await pool.end();
      secret.close();
      expect(errors).toEqual([]);
      expect(queries).toBeGreaterThan(8);
    });

    test(`the ${name} supported mysql2: a host that is a path is a Unix socket`, async () => {
      const { user, secrets, first, config } = await world();
      const socket = JSON.stringify({ ...first, host: server.socketPath });
      await secrets.putSecretValue({ SecretId: 'db', SecretString: socket });
      const secret = rotatingSecret('db', { client: secrets });
      // Over a socket there is no TLS.
      const { ssl: _, ...plain } = config;
      const pool = rotatingMysqlPool(mysql, secret, plain).promise();
      const [rows] = await pool.query('SELECT USER() AS name');
      expect(JSON.stringify(rows)).toContain(`${user}@localhost`);
      await pool.end();
      secret.close();
    });

    test(`the ${name} supported mysql2: user and password change together, and idle sessions of the old user end`, async () => {
      const { user, first, secret, secrets, config } = await world();
      const other = `${user}_clone`;
      await server.sql(`CREATE USER ${other} IDENTIFIED BY 'other-password-2'`);
      const events: ClientEvent[] = [];
      const stopListening = onClientEvent((event) => events.push(event));
      const pool = rotatingMysqlPool(mysql, secret, { ...config, retireMs: 2000 });
      const promises = pool.promise();
      const all = await Promise.all([1, 2, 3].map(() => promises.getConnection()));
      for (const connection of all.slice(1)) connection.release();
      const SecretString = JSON.stringify({ ...first, username: other, password: 'other-password-2' });
      await secrets.putSecretValue({ SecretId: 'db', SecretString });
      secret.invalidate();
      await secret.get();
      await sleep(3500);
      expect(events.filter(({ type }) => type === 'retired')).toHaveLength(2);
      const [rows] = await all[0]!.query('SELECT USER() AS name');
      expect(JSON.stringify(rows)).toContain(`${user}@`);
      all[0]!.release();
      await sleep(100);
      const [now] = await promises.query('SELECT USER() AS name');
      expect(JSON.stringify(now)).toContain(`${other}@`);
      expect(events.filter(({ type }) => type === 'retired')).toHaveLength(3);
      // No user was tried with the other's password.
      expect(events.filter(({ type }) => type === 'refused')).toEqual([]);
      stopListening();
      await promises.end();
      secret.close();
    });

    test(`the ${name} supported mysql2: nothing of the password is in the pool, its sessions or its errors`, async () => {
      const { user, secret, config } = await world();
      const pool = rotatingMysqlPool(mysql, secret, { ...config, connectTimeout: 300 });
      const connection = await pool.promise().getConnection();
      await server.sql(`ALTER USER ${user} IDENTIFIED BY 'other-password-2'`);
      const error = await pool
        .promise()
        .getConnection()
        .catch((thrown) => thrown);
      expect(error).toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' });
      for (const getters of [false, true]) {
        const shown = inspect(
          { pool, connection, error },
          { depth: 20, showHidden: true, maxStringLength: null, getters },
        );
        // Not `not.toContain`, which would print all.
        expect([getters, shown.includes('first-password')]).toEqual([getters, false]);
        expect(shown.includes(`user: '${user}'`)).toBe(true);
      }
      expect(JSON.stringify(error)).not.toContain('first-password');
      connection.release();
      await pool.promise().end();
      secret.close();
    });
  }
});

test.each([
  [{ uri: 'mysql://app:secret@db' }, 'uri'],
  [{ user: 'app' }, 'user'],
  [{ password: 'secret' }, 'password'],
] as const)('a configuration with %j is refused', (config, name) => {
  expect(() => rotatingMysqlPool(newest, rotatingSecret('app/db'), config as object)).toThrow(
    `remove ${name}: the secret decides who logs in`,
  );
});

/** Six callers without pause, who keep a session or close it. Returns what ends them, and says how they fared. */
function traffic(pool: ReturnType<ReturnType<typeof rotatingMysqlPool>['promise']>) {
  const errors: unknown[] = [];
  let [queries, isOver] = [0, false];
  const running = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      queries++;
      try {
        const connection = await pool.getConnection();
        await connection.query('SELECT 1');
        if (queries % 3) connection.release();
        else connection.destroy();
      } catch (error) {
        errors.push(error);
      }
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(running);
    return { queries, errors };
  };
}

/** As the server counts them. */
async function refusedLogins(server: TestServer): Promise<number> {
  const [row] = await server.sql(`SHOW GLOBAL STATUS LIKE 'Aborted_connects'`);
  return Number(row?.Value);
}
