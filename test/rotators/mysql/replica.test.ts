import { mysql } from '../../../rotators/mysql/index.js';
import { rig } from '../../../src/testing/index.js';
import { until } from '../../support/command.js';
import { rejection } from '../../support/errors.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { certificate } from '../../support/postgres.js';
import { databaseRig } from '../../support/postgres-rig.js';
import { RdsServer } from '../../support/rds-server.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

// One for all: the SDK's client keeps its address.
let rds: RdsServer;
beforeAll(async () => {
  rds = await RdsServer.start(async () => {});
});
afterAll(() => rds.stop());

describeServers('a read replica in RDS', (program, test) => {
  const isMysql = program.flavour === 'mysql';
  let source: TestServer;
  let replica: TestServer;

  beforeAll(async () => {
    source = await startTestServer(program, { logs: true });
    replica = await startTestServer(program, { flags: ['--server-id=2', '--read-only=1'] });
    await source.sql(
      "CREATE USER copier IDENTIFIED BY 'copier-1'; " +
        `GRANT REPLICATION SLAVE ON *.* TO copier${isMysql ? '' : '; GRANT REPLICA MONITOR ON *.* TO copier'}`,
    );
    const [status] = await source.sql(isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    const { File, Position } = status ?? {};
    const place = (word: string) =>
      `${word}_HOST = '127.0.0.1', ${word}_PORT = ${source.port}, ${word}_USER = 'copier', ` +
      `${word}_PASSWORD = 'copier-1', ${word}_LOG_FILE = '${File}', ${word}_LOG_POS = ${Position}`;
    await replica.sql(
      isMysql
        ? `CHANGE REPLICATION SOURCE TO ${place('SOURCE')}, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA`
        : `CHANGE MASTER TO ${place('MASTER')}; START SLAVE`,
    );
    await makeAdministrator(source);
    for (const [id, parts] of Object.entries({
      writer: {},
      reader: { ReadReplicaSourceDBInstanceIdentifier: 'writer' },
      stranger: {},
    })) {
      rds.account.addInstance(id, { Engine: program.flavour, ...parts });
    }
  });
  afterAll(async () => {
    await replica.stop();
    await source.stop();
  });

  /** The secret is for a reader, the administrator's for its writer. */
  async function replicaRig(reader: string) {
    const app = newUser();
    await source.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
    await until(() => isAccepted(replica, app, FIRST));
    const rotator = mysql({
      ca: await certificate('ca.pem'),
      connectTo: ({ host }) => ({
        host: 'localhost',
        port: host.startsWith('writer') ? source.port : replica.port,
      }),
    });
    const place = (id: string) => ({ engine: program.flavour, host: `${id}.${ZONE}` });
    const rigged = await rig(rotator, {
      name: 'db',
      secret: { ...place(reader), username: app, password: FIRST, masterarn: 'admin' },
      others: { admin: { ...place('writer'), username: 'admin', password: ADMIN } },
    });
    return { app, ...databaseRig(rigged) };
  }

  const pause = (sql: 'STOP' | 'START') => replica.sql(`${sql} ${isMysql ? 'REPLICA' : 'SLAVE'} SQL_THREAD`);

  test('takes over both passwords, which are set at its source, and is waited for', async () => {
    const { app, begin, deliver, password } = await replicaRig('reader');
    await begin();
    await deliver('createSecret');
    await pause('STOP');
    let isDone = false;
    const setting = deliver('setSecret').then(() => {
      isDone = true;
    });
    const pending = await password('AWSPENDING');
    await until(() => isAccepted(source, app, pending));
    expect(isDone).toBe(false);
    expect(await isAccepted(replica, app, pending)).toBe(false);
    await pause('START');
    await setting;
    for (const step of ['testSecret', 'finishSecret'] as const) await deliver(step);
    for (const server of [source, replica]) {
      for (const taken of [FIRST, pending]) expect(await isAccepted(server, app, taken)).toBe(true);
    }
  });

  test('of another source is no way to its password', async () => {
    const { app, begin, deliver, password } = await replicaRig('stranger');
    await begin();
    await deliver('createSecret');
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      hint: expect.stringContaining('read replica'),
    });
    expect(await isAccepted(source, app, await password('AWSPENDING'))).toBe(false);
  });
});
