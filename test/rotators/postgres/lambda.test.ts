import { join } from 'node:path';
import { deploy } from '../../support/deployment.js';
import { allOf, leaks } from '../../support/errors.js';
import { FunctionFailure } from '../../support/lambda-runtime.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { RdsServer } from '../../support/rds-server.js';

const CA = join(__dirname, 'certificates/ca.pem');
const FIRST = 'frst-9Kx2-7bqw';
const MASTER = 'mstr-31Zz-8vfk';

let server: TestServer;
const started: { stop(): Promise<unknown> }[] = [];

beforeAll(async () => {
  server = await startTestServer({ tls: true });
  await server.sql(`CREATE ROLE master LOGIN CREATEROLE PASSWORD '${MASTER}'`);
});

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

afterAll(() => server.stop());

/** The bundle, deployed for the time of a test, on a machine that trusts the server. */
async function deployed(secretString: string, env: Record<string, string> = {}) {
  const deployment = await deploy('postgres', secretString, { NODE_EXTRA_CA_CERTS: CA, ...env });
  started.push(deployment);
  return deployment;
}

/** A user, and its secret for the server over TLS. */
async function user(name: string, password: string, more: object = {}): Promise<string> {
  await server.sql(
    `CREATE ROLE ${name} LOGIN PASSWORD '${FIRST}'; GRANT ${name} TO master WITH ADMIN OPTION`,
  );
  return server.secret(name, password, { host: 'localhost', ssl: true, ...more });
}

test('rotates a password, away from all packages, and logs metrics alone', async () => {
  const { rotate, value, logged, runtime } = await deployed(await user('app', FIRST));
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const { password } = await value('AWSCURRENT');
  expect(await server.accepts('app', password)).toBe(true);
  expect(await server.accepts('app', FIRST)).toBe(false);
  expect(logged()).toMatchObject(
    ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => {
      const _aws = { CloudWatchMetrics: [{ Namespace: 'Quarterturn' }] };
      return { _aws, rotator: 'postgres', step, failed: 0 };
    }),
  );
  expect(runtime.output.stderr).toBe('');
  for (const secret of [FIRST, password]) expect(leaks(runtime.output.stdout, secret)).toBeUndefined();
});

test('fails without telling a secret, and leaves the password as it is', async () => {
  const wrong = 'wrng-5Tqp-2hjd';
  const { rotate, value, logged, runtime } = await deployed(await user('late', wrong));
  const { outcome, steps } = await rotate();
  expect(outcome).toBe('failed');
  const failure = steps.at(-1)?.error;
  expect(failure).toBeInstanceOf(FunctionFailure);
  expect(failure).toMatchObject({ name: 'RotationError', message: expect.stringContaining('"late"') });
  expect(logged().at(-1)).toMatchObject({ step: 'setSecret', code: 'ERR_CREDENTIAL_REJECTED', failed: 1 });
  const { password } = await value('AWSPENDING');
  const told = allOf([failure, runtime.output]);
  for (const secret of [FIRST, wrong, password]) expect(leaks(told, secret)).toBeUndefined();
  expect(await value('AWSCURRENT')).toMatchObject({ password: wrong });
  expect(await server.accepts('late', FIRST)).toBe(true);
});

test('asks RDS where an administrator is whose secret RDS manages', async () => {
  const rds = await RdsServer.start(async () => {});
  started.push(rds);
  const { DBInstanceArn } = rds.account.addInstance('db-1', {
    Endpoint: { Address: 'localhost', Port: server.port },
  });
  const secret = await user('served', FIRST, { masterarn: 'admin' });
  const { secrets, rotate, value } = await deployed(secret, {
    AWS_ENDPOINT_URL_RDS: `http://127.0.0.1:${rds.port}`,
  });
  await secrets.createSecret({
    Name: 'admin',
    SecretString: JSON.stringify({ username: 'master', password: MASTER }),
    Tags: [{ Key: 'aws:rds:primaryDBInstanceArn', Value: DBInstanceArn }],
  });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  expect(rds.actions()).toEqual(['DescribeDBInstances']);
  expect(await server.accepts('served', (await value('AWSCURRENT')).password)).toBe(true);
});
