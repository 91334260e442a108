import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deploy } from './support/deployment.js';
import { SPEC } from './support/desk-provider.js';
import { IamServer } from './support/iam-server.js';
import { FunctionFailure } from './support/lambda-runtime.js';
import { startTestServer, type TestServer } from './support/postgres.js';
import { RdsServer } from './support/rds-server.js';
import { allOf, leaks, rejection } from './support/rig.js';

const CA = join(__dirname, 'rotators/postgres/certificates/ca.pem');
const FIRST = 'frst-9Kx2-7bqw';
const MASTER = 'mstr-31Zz-8vfk';
const REPORT: Readonly<Record<string, object>> = JSON.parse(
  readFileSync(join(__dirname, '../dist/lambda/report.json'), 'utf8'),
);

const started: { stop(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of started.splice(0)) await one.stop();
});

/** A bundle, deployed for the time of a test. */
async function deployed(...args: Parameters<typeof deploy>) {
  const deployment = await deploy(...args);
  started.push(deployment);
  return deployment;
}

describe('the bundle of postgres', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer({ tls: true });
    await server.sql(`CREATE ROLE master LOGIN CREATEROLE PASSWORD '${MASTER}'`);
  });

  afterAll(() => server.stop());

  /** A user, and a secret of it that leads to the server over TLS. */
  async function user(name: string, password: string, more: object = {}): Promise<string> {
    await server.sql(
      `CREATE ROLE ${name} LOGIN PASSWORD '${FIRST}'; GRANT ${name} TO master WITH ADMIN OPTION`,
    );
    return server.secret(name, password, { host: 'localhost', ssl: true, ...more });
  }

  test('rotates a password, away from all packages, and logs metrics alone', async () => {
    const { rotate, value, logged, runtime } = await deployed('postgres', await user('app', FIRST), {
      NODE_EXTRA_CA_CERTS: CA,
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const { password } = await value('AWSCURRENT');
    expect(await server.accepts('app', password)).toBe(true);
    expect(await server.accepts('app', FIRST)).toBe(false);
    expect(logged()).toMatchObject(
      ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => ({
        ...{
          rotator: 'postgres',
          step,
          failed: 0,
          _aws: { CloudWatchMetrics: [{ Namespace: 'Quarterturn' }] },
        },
      })),
    );
    expect(runtime.output.stderr).toBe('');
    for (const secret of [FIRST, password]) expect(leaks(runtime.output.stdout, secret)).toBeUndefined();
  });

  test('fails without telling a secret, and leaves the password as it is', async () => {
    const wrong = 'wrng-5Tqp-2hjd';
    const { rotate, value, logged, runtime } = await deployed('postgres', await user('late', wrong), {
      NODE_EXTRA_CA_CERTS: CA,
    });
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
    const { secrets, rotate, value } = await deployed('postgres', secret, {
      NODE_EXTRA_CA_CERTS: CA,
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
});

test('the bundle of api-key/iam rotates an access key', async () => {
  const aws = await IamServer.start();
  started.push(aws);
  aws.account.users.set('app', []);
  const url = `http://127.0.0.1:${aws.port}`;
  const { rotate, value } = await deployed('api-key-iam', JSON.stringify(aws.account.issue('app')), {
    AWS_ENDPOINT_URL_IAM: url,
    AWS_ENDPOINT_URL_STS: url,
  });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  const { accessKeyId, secretAccessKey } = await value('AWSCURRENT');
  expect(aws.account.accepts(accessKeyId, secretAccessKey)).toBe(true);
  expect(aws.account.live('app')).toHaveLength(2);
});

test.each(Object.keys(REPORT))('the bundle of %s answers', async (bundle) => {
  const { runtime, logged } = await deployed(bundle, '{}', { API_KEY_SPEC: SPEC });
  const event = {
    Step: 'createSecret',
    SecretId: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-AbCdEf',
    ClientRequestToken: '5048d7b2-c0a9-4b9c-8a1e-0d9a2f1a7f54',
  };
  const failure = await rejection(runtime.invoke(event, { getRemainingTimeInMillis: () => 30_000 }));
  expect(failure).toMatchObject({
    name: 'RotationError',
    message: expect.stringContaining('ResourceNotFoundException'),
  });
  expect(logged()).toMatchObject([{ code: 'ERR_SECRETS_MANAGER_FAILED' }]);
});

test('there is a bundle for each handler', () => {
  const rotators = readdirSync(join(__dirname, '../rotators'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('handler.ts'))
    .map((path) => path.replace(/\/handler\.ts$/, '').replaceAll('/', '-'));
  expect(Object.keys(REPORT).sort()).toEqual(rotators.sort());
});
