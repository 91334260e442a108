import { mysql } from '../../../rotators/mysql/index.js';
import { lambda } from '../../../rotators/mysql/lambda.js';
import { rejection } from '../../support/errors.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { certificate } from '../../support/postgres.js';
import { RdsServer } from '../../support/rds-server.js';
import { declared, RecordedCalls } from '../../support/recorded-calls.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

// One for all: the SDK's client keeps its address.
let rds: RdsServer;
beforeAll(async () => {
  rds = await RdsServer.start(async () => {});
});
afterAll(() => rds.stop());

describeServers('mysql() in RDS', (program, test) => {
  let server: TestServer;
  let ca: string;
  beforeAll(async () => {
    ca = await certificate('ca.pem');
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  const recorder = () => new RecordedCalls(() => rds.actions().map((action) => `rds:${action}`));
  /** All databases of RDS are the one server. */
  const rotator = () =>
    mysql({ ca, connectTo: () => ({ host: 'localhost', port: server.port, servername: 'localhost' }) });

  async function user(host: string) {
    const username = newUser();
    await server.sql(`CREATE USER ${username} IDENTIFIED BY '${FIRST}'`);
    return { engine: program.flavour, host, port: 3306, username, password: FIRST };
  }
  const [instanceEngine, clusterEngine] =
    program.flavour === 'mysql' ? ['mysql', 'aurora-mysql'] : ['mariadb', 'mariadb'];

  test('asks for what its Lambda declares, in those steps, if RDS manages the administrator', async () => {
    const calls = recorder();
    const admin = { username: 'admin', password: ADMIN };
    const instance = rds.account.addInstance('db-1', { Engine: instanceEngine });
    const cluster = rds.account.addCluster('aurora', { Engine: clusterEngine });
    for (const [host, kind, arn] of [
      [String(instance.Endpoint?.Address), 'Instance', instance.DBInstanceArn],
      [String(cluster.Endpoint), 'Cluster', cluster.DBClusterArn],
    ] as const) {
      const secret = await user(host);
      await calls.rotate(rotator(), {
        secret: { ...secret, masterarn: 'admin' },
        admin,
        tags: [{ Key: `aws:rds:primaryDB${kind}Arn`, Value: String(arn) }],
      });
      expect(await isAccepted(server, secret.username, FIRST)).toBe(true);
    }
    expect(calls.elsewhere()).toEqual(declared(lambda.permissions));
  });

  test('by itself asks for nothing but its secret; and lists versions only when each labelled one is refused', async () => {
    const calls = recorder();
    const secret = await user('localhost');
    await calls.rotate(rotator(), { secret });
    expect(calls.elsewhere()).toEqual([]);
    const before = calls.onSecret();
    await rejection(calls.rotate(rotator(), { secret: { ...secret, password: 'another-password-1' } }));
    expect(calls.onSecret().filter((line) => !before.includes(line))).toEqual(
      declared(lambda.onSecret ?? []),
    );
  });
});
