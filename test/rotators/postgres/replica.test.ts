import { Client } from 'pg';
import type { EmbeddedServer } from '../../../rotators/postgres/embedded-server.js';
import { rejection } from '../../support/errors.js';
import { startStandby, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';
import { RdsServer } from '../../support/rds-server.js';

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';
const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

let primary: TestServer;
let standby: EmbeddedServer;
let rds: RdsServer;

beforeAll(async () => {
  primary = await startTestServer();
  await primary.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  standby = await startStandby(primary);
  rds = await RdsServer.start(async () => {});
  rds.account.addInstance('writer');
  rds.account.addInstance('reader', { ReadReplicaSourceDBInstanceIdentifier: 'writer' });
  rds.account.addInstance('stranger');
});

afterAll(async () => {
  await rds.stop();
  await standby.stop();
  await primary.stop();
});

async function onStandby<T>(
  work: (client: Client) => Promise<T>,
  user = 'postgres',
  password = primary.password,
): Promise<T> {
  const client = new Client({
    host: standby.host,
    port: standby.port,
    user,
    password,
    database: 'postgres',
    ssl: false,
  });
  await client.connect();
  return work(client).finally(() => client.end());
}

/** The secret is for a reader, the administrator's for its writer. */
async function rig(
  app: string,
  reader: string,
  options: { pairs?: Record<string, string>; lambdaTimeoutMs?: number },
) {
  await primary.sql(
    `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
  );
  const [{ lsn } = {}] = await primary.sql('SELECT pg_current_wal_lsn() AS lsn');
  await onStandby(async (client) => {
    const isThere = async () =>
      (await client.query('SELECT pg_last_wal_replay_lsn() >= $1 AS ok', [lsn])).rows[0].ok;
    while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 10));
  });
  const place = (name: string) => ({ host: `${name}.${ZONE}`, port: 5432 });
  const { host } = place('writer');
  return postgresRig(primary.secret(app, FIRST, { ...place(reader), masterarn: 'admin' }), {
    ...options,
    administrator: primary.secret('admin', ADMIN, place('writer')),
    connectTo: (secret) => ({ host: '127.0.0.1', port: (secret.host === host ? primary : standby).port }),
  });
}

describe.each([
  ['alternating users', { pairs: {} }],
  ['a single user with an administrator', {}],
])('a secret for a read replica, %s:', (strategy, options) => {
  const prefix = strategy.slice(0, 3).trim();

  test('the password is changed at the primary, and the replica takes it', async () => {
    const { begin, rotation, text } = await rig(`${prefix}_1`, 'reader', options);
    for (let n = 0; n < 3; n++) {
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      const { username, password, host } = JSON.parse(await text('AWSCURRENT'));
      expect(host).toBe(`reader.${ZONE}`);
      const { rows } = await onStandby(
        (client) => client.query('SELECT pg_is_in_recovery() AS standby'),
        username,
        password,
      );
      expect(rows).toEqual([{ standby: true }]);
    }
  });

  test('a replica that lags is waited for; after that the next attempt goes on', async () => {
    const { begin, deliver, rotation } = await rig(`${prefix}_2`, 'reader', {
      ...options,
      lambdaTimeoutMs: 4000,
    });
    await begin();
    await deliver('createSecret');
    await onStandby((client) => client.query('SELECT pg_wal_replay_pause()'));
    const error = await rejection(deliver('setSecret'));
    await onStandby((client) => client.query('SELECT pg_wal_replay_resume()'));
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      message: expect.stringContaining('is a replica'),
    });
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
  });

  test('a host that is no replica of the administrator’s is refused, and nothing is changed', async () => {
    const app = `${prefix}_3`;
    const { begin, deliver } = await rig(app, 'stranger', options);
    await begin();
    await deliver('createSecret');
    const before = await primary.sql('SELECT * FROM pg_authid ORDER BY oid');
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(`"masterarn" names an administrator of writer.${ZONE}:5432`),
    });
    expect(await primary.sql('SELECT * FROM pg_authid ORDER BY oid')).toEqual(before);
  });
});

test('a single user whose host is a replica, with no administrator, is told so', async () => {
  await primary.sql(`CREATE ROLE lonely LOGIN PASSWORD '${FIRST}'`);
  const { begin, deliver } = await postgresRig(primary.secret('lonely', FIRST, { port: standby.port }));
  await begin();
  await deliver('createSecret');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY' });
  expect(await primary.accepts('lonely', FIRST)).toBe(true);
});
