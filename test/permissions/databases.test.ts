import { lambda as ofAlternatingUsers } from '../../rotators/postgres/alternating-users/lambda.js';
import { alternatingUsers, postgres, rdsInstance } from '../../rotators/postgres/index.js';
import { lambda as ofPostgres } from '../../rotators/postgres/lambda.js';
import { lambda as ofRdsInstance } from '../../rotators/postgres/rds-instance/lambda.js';
import { certificate, startTestServer, type TestServer } from '../support/postgres.js';
import { RdsServer } from '../support/rds-server.js';
import { declared, RecordedCalls } from '../support/recorded-calls.js';

const PASSWORD = 'frst-9Kx2-7bqw';

let server: TestServer;
let rds: RdsServer;
let ca: string;
let count = 0;

beforeAll(async () => {
  [server, ca] = await Promise.all([startTestServer({ tls: true }), certificate('ca.pem')]);
  await server.sql(`CREATE ROLE master LOGIN CREATEROLE PASSWORD '${PASSWORD}'`);
  rds = await RdsServer.start((user, password) => server.sql(`ALTER ROLE "${user}" PASSWORD '${password}'`));
  rds.account.applyMs = 4;
});

afterAll(async () => {
  await rds.stop();
  await server.stop();
});

const recorder = () => new RecordedCalls(() => rds.actions().map((action) => `rds:${action}`));

/** All databases of RDS are the one server. */
const options = () => ({
  connectTo: () => ({ host: server.host, port: server.port, servername: 'localhost' }),
  pollMs: 5,
  ca,
});

async function user(): Promise<string> {
  const name = `app_${++count}`;
  await server.sql(
    `CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}'; GRANT ${name} TO master WITH ADMIN OPTION`,
  );
  return name;
}

/** A user's secret, and the administrator's, which RDS manages: its tag names a DB instance or a cluster. */
async function managed(kind: 'Instance' | 'Cluster') {
  const { Endpoint: instance, DBInstanceArn } = rds.account.addInstance('db-1');
  const { Endpoint: cluster, DBClusterArn } = rds.account.addCluster('aurora');
  const host = kind === 'Instance' ? instance?.Address : cluster;
  return {
    secret: JSON.parse(server.secret(await user(), PASSWORD, { host, port: 5432, masterarn: 'admin' })),
    admin: { username: 'master', password: PASSWORD },
    tags: [{ Key: `aws:rds:primaryDB${kind}Arn`, Value: kind === 'Instance' ? DBInstanceArn : DBClusterArn }],
  };
}

test('postgres() by itself asks for nothing but its secret', async () => {
  const calls = recorder();
  await calls.rotate(postgres(), { secret: JSON.parse(server.secret(await user(), PASSWORD)) });
  expect(calls.elsewhere()).toEqual([]);
});

test('postgres() looks for abandoned versions only when every labelled one is refused', async () => {
  const calls = recorder();
  const secret = JSON.parse(server.secret(await user(), PASSWORD));
  await calls.rotate(postgres(), { secret });
  const before = calls.onSecret();
  const refused = calls.rotate(postgres(), { secret: { ...secret, password: 'another-password-1' } });
  await expect(refused).rejects.toThrow();
  expect(calls.onSecret().filter((line) => !before.includes(line))).toEqual(
    declared(ofPostgres.onSecret ?? []),
  );
});

describe('with administrators that RDS manages', () => {
  test('postgres() asks for what it declares, in those steps', async () => {
    const calls = recorder();
    await calls.rotate(postgres(options()), await managed('Instance'));
    await calls.rotate(postgres(options()), await managed('Cluster'));
    expect(calls.elsewhere()).toEqual(declared(ofPostgres.permissions));
  });

  test('alternatingUsers() asks for what it declares, in those steps', async () => {
    const calls = recorder();
    await calls.rotate(alternatingUsers(options()), await managed('Instance'));
    await calls.rotate(alternatingUsers(options()), await managed('Cluster'));
    expect(calls.elsewhere()).toEqual(declared(ofAlternatingUsers.permissions));
  });
});

test('rdsInstance() asks for what it declares, in those steps', async () => {
  const calls = recorder();
  for (const kind of ['instance', 'cluster'] as const) {
    const name = await user();
    const parts = { MasterUsername: name };
    const host =
      kind === 'instance'
        ? rds.account.addInstance('db-2', parts).Endpoint?.Address
        : rds.account.addCluster('aurora-2', parts).Endpoint;
    await calls.rotate(rdsInstance(options()), {
      secret: JSON.parse(server.secret(name, PASSWORD, { host, port: 5432 })),
    });
  }
  expect(calls.elsewhere()).toEqual(declared(ofRdsInstance.permissions));
});
