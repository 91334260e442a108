import { call } from '../../../rotators/databases/rds/api.js';
import { isReplicaOf, managedTarget } from '../../../rotators/databases/rds/look-ups.js';
import type { StepContext } from '../../../src/index.js';
import { rejection } from '../../support/errors.js';
import { RdsServer } from '../../support/rds-server.js';

const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';
/** What a rotator for PostgreSQL is for. */
const POSTGRESQL = { product: 'PostgreSQL', engines: ['postgres', 'aurora-postgresql'] };
const ADMIN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-1234-AbCdEf';

let rds: RdsServer;

beforeAll(async () => {
  rds = await RdsServer.start(async () => {});
});

beforeEach(() => rds.reset());

afterAll(() => rds.stop());

/** What the functions here use of a step's context. */
function context(leftMs = 20_000): StepContext {
  return { signal: AbortSignal.timeout(leftMs), leftMs } as StepContext;
}

const tag = (Key: string, Value: string) => [
  { Key: 'team', Value: 'a' },
  { Key, Value },
];

describe('an administrator’s secret that RDS manages', () => {
  test('leads to the DB instance that its tag names', async () => {
    const { DBInstanceArn } = rds.account.addInstance('db-1', {
      Endpoint: { Address: `db-1.${ZONE}`, Port: 5433 },
    });
    const tags = tag('aws:rds:primarydbinstancearn', DBInstanceArn);
    await expect(managedTarget(ADMIN, tags, POSTGRESQL, context())).resolves.toEqual({
      engine: 'postgres',
      host: `db-1.${ZONE}`,
      port: 5433,
    });
    expect(rds.requests).toMatchObject([
      { action: 'DescribeDBInstances', params: { DBInstanceIdentifier: DBInstanceArn } },
    ]);
  });

  test('leads to the writer of the cluster that its tag names, in whatever case', async () => {
    const { DBClusterArn } = rds.account.addCluster('aurora', { Port: 5434 });
    const tags = tag('aws:rds:primaryDBClusterArn', DBClusterArn);
    await expect(managedTarget(ADMIN, tags, POSTGRESQL, context())).resolves.toEqual({
      engine: 'aurora-postgresql',
      host: `aurora.cluster-${ZONE}`,
      port: 5434,
    });
    expect(rds.actions()).toEqual(['DescribeDBClusters']);
  });

  test.each([
    ['no tags', undefined],
    ['other tags', tag('aws:rds:other', 'arn:aws:rds:eu-west-1:123456789012:db:db-1')],
    ['an ARN that is too long', tag('aws:rds:primarydbinstancearn', `arn:${'x'.repeat(253)}`)],
    ['an empty ARN', tag('aws:rds:primarydbclusterarn', '')],
  ])('with %s is refused, and RDS is not asked', async (_, tags) => {
    expect(await rejection(managedTarget(ADMIN, tags, POSTGRESQL, context()))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringMatching(/rds!db-1234.* has no "host".*aws:rds:primarydbinstancearn/),
      hint: expect.stringContaining('"host"'),
    });
    expect(rds.requests).toEqual([]);
  });

  test('of another engine is refused', async () => {
    const { DBInstanceArn } = rds.account.addInstance('my-1', { Engine: 'mysql' });
    const error = await rejection(
      managedTarget(ADMIN, tag('aws:rds:primarydbinstancearn', DBInstanceArn), POSTGRESQL, context()),
    );
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining('mysql'),
    });
  });

  test('of a DB instance that has no endpoint yet is an error', async () => {
    const instance = rds.account.addInstance('new-1');
    delete instance.Endpoint;
    const tags = tag('aws:rds:primarydbinstancearn', instance.DBInstanceArn);
    expect(await rejection(managedTarget(ADMIN, tags, POSTGRESQL, context()))).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('has no endpoint'),
    });
  });
});

describe('a host is a replica of another', () => {
  beforeEach(() => {
    rds.account.addInstance('db-1');
    rds.account.addInstance('db-2');
    rds.account.addInstance('copy-1', { ReadReplicaSourceDBInstanceIdentifier: 'db-1' });
    rds.account.addInstance('far-1', {
      ReadReplicaSourceDBInstanceIdentifier: 'arn:aws:rds:us-east-1:123456789012:db:db-1',
    });
    rds.account.addInstance('moved-1', {
      ReadReplicaSourceDBInstanceIdentifier: 'db-1',
      Endpoint: { Address: 'moved-1.c1a2b3d4e5f6.eu-west-2.rds.amazonaws.com', Port: 5432 },
    });
    rds.account.addCluster('aurora');
    rds.account.addCluster('other');
  });

  test.each([
    ['a read replica', `copy-1.${ZONE}`, `db-1.${ZONE}`],
    ['a read replica, in capital letters', `COPY-1.${ZONE}`, `DB-1.${ZONE.toUpperCase()}`],
    ['one of another Region’s', `far-1.${ZONE}`, 'db-1.c9z8y7x6.us-east-1.rds.amazonaws.com'],
    ['a cluster’s endpoint for readers', `aurora.cluster-ro-${ZONE}`, `aurora.cluster-${ZONE}`],
    ['a cluster’s custom endpoint', `aurora-reports.cluster-custom-${ZONE}`, `aurora.cluster-${ZONE}`],
    ['a reader in a cluster', `aurora-2.${ZONE}`, `aurora.cluster-${ZONE}`],
    ['a reader, and the other the writer’s instance', `aurora-2.${ZONE}`, `aurora-1.${ZONE}`],
    ['the endpoint for readers, and the other so', `aurora.cluster-ro-${ZONE}`, `aurora-1.${ZONE}`],
  ])('if it is %s', async (_, host, primary) => {
    await expect(isReplicaOf(host, primary, context())).resolves.toBe(true);
    expect(rds.changes()).toEqual([]);
  });

  test.each([
    ['a database of its own', `db-2.${ZONE}`, `db-1.${ZONE}`],
    ['the replica of another', `copy-1.${ZONE}`, `db-2.${ZONE}`],
    ['the source, and the other its replica', `db-1.${ZONE}`, `copy-1.${ZONE}`],
    ['named like a replica, elsewhere', 'copy-1.c1a2b3d4e5f6.rds.evil.example', `db-1.${ZONE}`],
    ['named like a replica, of another account', `copy-1.x${ZONE}`, `db-1.${ZONE}`],
    ['a replica, and the other named like its source', `copy-1.${ZONE}`, `db-1.x${ZONE}`],
    ['a replica of another Region’s than the other', `far-1.${ZONE}`, `db-1.${ZONE}`],
    [
      'such a one, and the other named otherwise',
      `far-1.${ZONE}`,
      'db-2.c9z8y7x6.us-east-1.rds.amazonaws.com',
    ],
    ['such a one, and the other elsewhere', `far-1.${ZONE}`, 'db-1.c9z8y7x6.us-east-1.rds.evil.example'],
    ['the endpoint for another cluster’s readers', `other.cluster-ro-${ZONE}`, `aurora.cluster-${ZONE}`],
    ['named like the endpoint for readers', `aurora.cluster-ro-x${ZONE}`, `aurora.cluster-${ZONE}`],
    ['a reader in another cluster', `other-2.${ZONE}`, `aurora.cluster-${ZONE}`],
    ['the writer', `aurora-1.${ZONE}`, `aurora.cluster-${ZONE}`],
    ['a reader, and the other one too', `aurora-2.${ZONE}`, `aurora-2.${ZONE}`],
    ['a reader, and the other the readers’ endpoint', `aurora-2.${ZONE}`, `aurora.cluster-ro-${ZONE}`],
    ['a reader, and the other named like the writer', `aurora-2.${ZONE}`, `aurora.cluster-x${ZONE}`],
    ['not known to RDS', `gone-1.${ZONE}`, `db-1.${ZONE}`],
    ['of a cluster that is not known to RDS', `gone.cluster-ro-${ZONE}`, `gone.cluster-${ZONE}`],
  ])('but not if it is %s', async (_, host, primary) => {
    await expect(isReplicaOf(host, primary, context())).resolves.toBe(false);
    expect(rds.requests).not.toEqual([]);
  });

  test.each([
    ['localhost', `db-1.${ZONE}`],
    ['db-1.example.com', `db-1.${ZONE}`],
    [`.${ZONE}`, `db-1.${ZONE}`],
    [`copy-1.${ZONE}`, '10.0.0.1'],
  ])('and not if one is no name of RDS, which is not asked then: %s, %s', async (host, primary) => {
    await expect(isReplicaOf(host, primary, context())).resolves.toBe(false);
    expect(rds.requests).toEqual([]);
  });
});

describe('what keeps RDS from answering is an error, and no answer:', () => {
  beforeEach(() => rds.account.addInstance('db-1'));

  const ask = (leftMs?: number) => rejection(isReplicaOf(`db-1.${ZONE}`, `db-2.${ZONE}`, context(leftMs)));

  test('a right that is missing', async () => {
    rds.denied.add('DescribeDBInstances');
    expect(await ask()).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: 'rds:DescribeDBInstances of the DB instance db-1 was denied',
      hint: expect.stringContaining('role'),
      cause: { name: 'AccessDenied' },
    });
  });

  test('an ARN that leads nowhere', async () => {
    const arn = 'arn:aws:rds:eu-west-1:123456789012:cluster:gone';
    const error = await rejection(
      managedTarget(ADMIN, tag('aws:rds:primarydbclusterarn', arn), POSTGRESQL, context()),
    );
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_NOT_FOUND',
      message: expect.stringContaining(arn),
      cause: { name: 'DBClusterNotFoundFault' },
    });
  });

  test('a throttle that lasts', async () => {
    rds.throttles = 100;
    expect(await ask()).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('throttled'),
      hint: 'the account has used up its quota for these calls; Secrets Manager tries the rotation again',
    });
    expect(rds.requests.length).toBeGreaterThan(1);
  });

  test('a connection that breaks', async () => {
    rds.isUnplugged = true;
    expect(await ask()).toMatchObject({
      code: expect.stringMatching(/^ERR_SERVICE_(UNREACHABLE|TIMEOUT)$/),
      hint: expect.stringContaining('com.amazonaws.<region>.rds'),
    });
  });

  // As the SDK throws them where it is not in Jest, whose realms it mistakes.
  test.each([
    [
      { name: 'TimeoutError', code: 'ECONNRESET' },
      'ERR_SERVICE_UNREACHABLE',
      'did not reach AWS (ECONNRESET)',
    ],
    [{ name: 'Error', code: 'ECONNREFUSED' }, 'ERR_SERVICE_UNREACHABLE', 'did not reach AWS (ECONNREFUSED)'],
    [{ name: 'Error', code: 'ENOTFOUND' }, 'ERR_SERVICE_UNREACHABLE', 'did not reach AWS (ENOTFOUND)'],
    [{ name: 'TimeoutError', code: 'ETIMEDOUT' }, 'ERR_SERVICE_TIMEOUT', 'got no answer in time'],
    [{ name: 'Error', code: 'ETIMEDOUT' }, 'ERR_SERVICE_TIMEOUT', 'got no answer in time'],
    [{ name: 'TimeoutError' }, 'ERR_SERVICE_TIMEOUT', 'got no answer in time'],
    [{ name: 'CredentialsProviderError' }, 'ERR_SERVICE_FAILED', 'found no AWS credentials'],
    [{ name: 'Error', message: 'Region is missing' }, 'ERR_SERVICE_FAILED', 'was not sent: no Region is set'],
    // A message may quote what was answered.
    [{ name: 'Error', message: 'of an answer' }, 'ERR_SERVICE_FAILED', 'Error'],
    [{ name: 'InternalFailure', $fault: 'server' }, 'ERR_SERVICE_FAILED', 'InternalFailure'],
    [{ name: 'InternalFailure', $fault: 'server', code: 'X' }, 'ERR_SERVICE_FAILED', 'InternalFailure'],
    [{ name: 'ExpiredToken', $fault: 'client' }, 'ERR_SERVICE_FAILED', 'had expired credentials'],
    [{ name: 'LimitExceededFault', $fault: 'client' }, 'ERR_SERVICE_FAILED', 'was throttled'],
  ])('the SDK’s error %j', async (parts, code, message) => {
    const cause = Object.assign(new Error('of the SDK'), parts);
    const failed = call('DescribeDBInstances', 'the DB instance db-1', context(), () =>
      Promise.reject(cause),
    );
    expect(await rejection(failed)).toMatchObject({
      code,
      message: expect.stringMatching(/^rds:DescribeDBInstances of the DB instance db-1 /),
      cause,
    });
    await expect(failed).rejects.toThrow(message);
  });

  test('no answer, for as long as RDS is given', async () => {
    rds.isSilent = true;
    expect(await ask()).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      message: expect.stringContaining('no answer'),
      hint: expect.stringContaining('com.amazonaws.<region>.rds'),
    });
    // Each attempt has come to its own end.
    expect(rds.requests).toHaveLength(3);
  });

  test('no answer before the time of the step is up', async () => {
    rds.isSilent = true;
    const startedAt = performance.now();
    expect(await ask(500)).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      hint: expect.stringContaining('com.amazonaws.<region>.rds'),
    });
    // Three attempts at their full length take more than nine seconds.
    expect(performance.now() - startedAt).toBeLessThan(8000);
  });
});

test('a throttle that passes is waited out', async () => {
  rds.account.addInstance('db-1');
  rds.account.addInstance('copy-1', { ReadReplicaSourceDBInstanceIdentifier: 'db-1' });
  rds.throttles = 1;
  await expect(isReplicaOf(`copy-1.${ZONE}`, `db-1.${ZONE}`, context())).resolves.toBe(true);
});
