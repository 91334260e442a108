import { allOf, leaks, rejection } from '../../support/errors.js';
import { certificate, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';
import { RdsServer } from '../../support/rds-server.js';

const FIRST = 'frst-9Kx2-7bqw';
const MASTER = 'mstr-31Zz-8vfk';
const HOST = 'db-1.c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

let server: TestServer;
let rds: RdsServer;
let ca: string;
let count = 0;

beforeAll(async () => {
  [server, ca] = await Promise.all([startTestServer({ tls: true }), certificate('ca.pem')]);
  await server.sql(`CREATE ROLE master LOGIN CREATEROLE PASSWORD '${MASTER}'`);
  rds = await RdsServer.start(async () => {});
});

beforeEach(() => {
  rds.reset();
  rds.account.addInstance('db-1');
});

afterAll(async () => {
  await rds.stop();
  await server.stop();
});

/** The administrator's secret has a username and a password, and its tag says whose they are. */
async function rig(more: object = {}, tag = 'aws:rds:primaryDBInstanceArn') {
  const app = `app_${++count}`;
  await server.sql(
    `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO master WITH ADMIN OPTION`,
  );
  const { host, port } = server;
  const secret = server.secret(app, FIRST, {
    host: HOST,
    port: 5432,
    masterarn: 'admin',
    ssl: undefined,
    ...more,
  });
  return postgresRig(secret, {
    administrator: JSON.stringify({ username: 'master', password: MASTER }),
    tags: [{ Key: tag, Value: 'arn:aws:rds:eu-west-1:123456789012:db:db-1' }],
    ca,
    // As two names of this machine: another database is at another place.
    connectTo: (seen) => ({ host: seen.host === HOST ? host : 'localhost', port, servername: 'localhost' }),
    pairs: {},
  });
}

test('a secret that RDS manages is the administrator’s of the database that its tag names', async () => {
  const { begin, rotation, text } = await rig();
  for (let n = 0; n < 2; n++) {
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    const { username, password } = JSON.parse(await text('AWSCURRENT'));
    expect(await server.accepts(username, password)).toBe(true);
  }
  expect(rds.actions()).toEqual(['DescribeDBInstances', 'DescribeDBInstances']);
});

test.each([
  [
    'of another database',
    { host: 'db-2.c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com' },
    undefined,
    () => rds,
    'ERR_SECRET_MALFORMED',
  ],
  ['without the tag', {}, 'team', () => {}, 'ERR_SECRET_MALFORMED'],
  [
    'that the function may not ask RDS for',
    {},
    undefined,
    () => rds.denied.add('DescribeDBInstances'),
    'ERR_RIGHTS_MISSING',
  ],
])('one %s is refused, and nothing is changed', async (_, more, tag, prepare, code) => {
  prepare();
  const { begin, deliver } = await rig(more, tag);
  await begin();
  await deliver('createSecret');
  const before = await server.sql('SELECT * FROM pg_authid ORDER BY oid');
  const error = await rejection(deliver('setSecret'));
  expect(error).toMatchObject({ code, hint: expect.any(String) });
  for (const secret of [FIRST, MASTER]) expect(leaks(allOf(error), secret)).toBeUndefined();
  expect(await server.sql('SELECT * FROM pg_authid ORDER BY oid')).toEqual(before);
});
