import { type RdsInstanceOptions, rdsInstance } from '../../../../rotators/postgres/index.js';
import { LocalSecretsManager, rig } from '../../../../src/testing/index.js';
import { allOf, leaks, rejection } from '../../../support/errors.js';
import { startTestServer, type TestServer } from '../../../support/postgres.js';
import { databaseRig } from '../../../support/postgres-rig.js';
import type { Cluster, Instance } from '../../../support/rds-account.js';
import { RdsServer } from '../../../support/rds-server.js';

const FIRST = 'first-password-1';
const PENDING = 'pending-password-2';
const OTHER = 'other-password-3';
const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

type Options = RdsInstanceOptions & { lambdaTimeoutMs?: number };

let server: TestServer;
let rds: RdsServer;
let count = 0;

const setPassword = (user: string, password: string) =>
  server.sql(`ALTER ROLE "${user}" PASSWORD '${password}'`);

beforeAll(async () => {
  server = await startTestServer({ settings: { log_connections: 'all' } });
  rds = await RdsServer.start(setPassword);
});

beforeEach(() => rds.reset());

afterAll(async () => {
  await rds.stop();
  await server.stop();
});

/** A separate master user for each test. */
async function master(): Promise<string> {
  const name = `master_${++count}`;
  await server.sql(`CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}'`);
  return name;
}

/** A DB instance, and the secret of its master user. */
async function instance(parts: Partial<Instance> = {}) {
  const user = await master();
  const id = `db-${count}`;
  const database = rds.account.addInstance(id, { MasterUsername: user, ...parts });
  const secret = (more: object = {}, password = FIRST) =>
    server.secret(user, password, { host: `${id}.${ZONE}`, port: 5432, ...more });
  return { user, id, database, secret };
}

/** A DB cluster, and the secret of its master user. */
async function cluster(parts: Partial<Cluster> = {}) {
  const user = await master();
  const id = `aurora-${count}`;
  const database = rds.account.addCluster(id, { MasterUsername: user, ...parts });
  const secret = (more: object = {}, password = FIRST) =>
    server.secret(user, password, { host: `${id}.cluster-${ZONE}`, port: 5432, ...more });
  return { user, id, database, secret };
}

/** A secret of a master user, and the rotator for it, which finds the server. */
async function rdsRig(secret: string, { lambdaTimeoutMs: timeoutMs, ...options }: Options = {}) {
  const secrets = new LocalSecretsManager({ ...(timeoutMs !== undefined && { timeoutMs }) });
  const connectTo = () => ({ host: server.host, port: server.port });
  const rotator = rdsInstance({ pollMs: 20, connectTo, ...options });
  return databaseRig(await rig(rotator, { name: 'db', secret, secrets }));
}

/** What setSecret throws, after which nothing has been changed or given away. */
async function failureOf(user: string, secretString: string, options: Options = {}) {
  const { begin, deliver, password, log } = await rdsRig(secretString, options);
  await begin();
  await deliver('createSecret');
  const error = await rejection(deliver('setSecret'));
  expect(error).toMatchObject({ name: 'RotationError', hint: expect.any(String) });
  expect(rds.changes().filter(({ action }) => !rds.denied.has(action))).toEqual([]);
  expect(await server.accepts(user, FIRST)).toBe(true);
  expect(await password('AWSCURRENT')).toBe(FIRST);
  for (const secret of [FIRST, await password('AWSPENDING')]) {
    expect(leaks(allOf([error, log]), secret)).toBeUndefined();
  }
  return error;
}

describe('a rotation', () => {
  test('has RDS change the password, three times over, once each', async () => {
    const { user, id, secret } = await instance();
    const { begin, run, password } = await rdsRig(secret());
    for (let n = 1; n <= 3; n++) {
      const old = await password('AWSCURRENT');
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
      const next = await password('AWSCURRENT');
      expect(await password('AWSPREVIOUS')).toBe(old);
      expect(await server.accepts(user, next)).toBe(true);
      expect(await server.accepts(user, old)).toBe(false);
      expect(rds.changes()).toHaveLength(n);
      expect(rds.changes().at(-1)).toMatchObject({
        action: 'ModifyDBInstance',
        params: { DBInstanceIdentifier: id, MasterUserPassword: next },
      });
    }
  });

  test('does not bring forward what waits for the maintenance window', async () => {
    const { secret } = await instance({ PendingModifiedValues: { EngineVersion: '18.5' } });
    const { begin, run } = await rdsRig(secret());
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.account.applied).toEqual([]);
  });

  const EXPORTS = { LogTypesToEnable: { member: ['postgresql'] } };

  test.each([
    [{ EngineVersion: '18.5' }, 'EngineVersion'],
    [{ EngineVersion: '18.5', Iops: 3000 }, 'EngineVersion, Iops'],
    [{ IAMDatabaseAuthenticationEnabled: false }, 'IAMDatabaseAuthenticationEnabled'],
    [{ PendingCloudwatchLogsExports: EXPORTS }, 'PendingCloudwatchLogsExports'],
  ])('of a cluster for which %j waits is refused, and names it', async (PendingModifiedValues, names) => {
    const { user, secret } = await cluster({ PendingModifiedValues });
    const error = await failureOf(user, secret());
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining(`maintenance window (${names})`),
      hint: expect.stringContaining('`appliesPending: true`'),
    });
    expect(rds.account.applied).toEqual([]);
  });

  test('of a cluster by an instance of it looks at what waits for the cluster', async () => {
    const { user, id, secret } = await cluster({ PendingModifiedValues: { EngineVersion: '18.5' } });
    rds.account.addInstance(`${id}-1`, { MasterUsername: user, DBClusterIdentifier: id });
    expect(await failureOf(user, secret({ dbInstanceIdentifier: `${id}-1` }))).toMatchObject({
      message: expect.stringContaining('EngineVersion'),
    });
  });

  test('of a cluster applies what waits with `appliesPending`', async () => {
    const { secret } = await cluster({ PendingModifiedValues: { EngineVersion: '18.5' } });
    const { begin, run } = await rdsRig(secret(), { appliesPending: true });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.account.applied).toEqual(['EngineVersion']);
  });

  test('whose call is throttled until the time is up is told as that', async () => {
    const { user, secret } = await instance();
    rds.throttles = 100;
    const error = await failureOf(user, secret(), { lambdaTimeoutMs: 1200 });
    expect(error).not.toMatchObject({ hint: expect.stringContaining('VPC') });
    expect(error).toMatchObject({ hint: expect.stringContaining('quota') });
  });

  test('logs in with AWSCURRENT once, with AWSPENDING twice, and is never refused', async () => {
    const { user, secret } = await instance();
    const { begin, run } = await rdsRig(secret());
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    const log = server.log();
    expect(log.match(new RegExp(`connection authorized: user=${user} `, 'g'))).toHaveLength(3);
    expect(log).not.toContain(`authentication failed for user "${user}"`);
  });

  test('with RotateImmediately=false tests the password, and asks RDS nothing', async () => {
    const { user, secret } = await instance();
    const { begin, run } = await rdsRig(secret());
    await begin({ RotateImmediately: false });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.requests).toEqual([]);
    expect(await server.accepts(user, FIRST)).toBe(true);
  });

  test.each([
    ['its identifier', (id: string) => ({ dbClusterIdentifier: id, dbInstanceIdentifier: 'gone' })],
    ['the first part of its host', () => ({ dbClusterIdentifier: null, dbInstanceIdentifier: null })],
    ['an instance in it', (id: string) => ({ dbInstanceIdentifier: `${id}-2` })],
  ])('of a cluster, named by %s, changes the cluster', async (_, fields) => {
    const { user, id, secret } = await cluster();
    const { begin, run, password } = await rdsRig(secret(fields(id)));
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(rds.changes()).toMatchObject([{ action: 'ModifyDBCluster', params: { DBClusterIdentifier: id } }]);
  });

  test('finds the DB instance by the identifier in the secret, where the host has another name first', async () => {
    const { secret, id } = await instance({
      Endpoint: { Address: 'renamed.example.eu-west-1.rds.amazonaws.com', Port: 5432 },
    });
    const fields = { dbInstanceIdentifier: id, host: 'RENAMED.example.eu-west-1.rds.amazonaws.com' };
    const { begin, run } = await rdsRig(secret(fields));
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.changes()).toMatchObject([{ params: { DBInstanceIdentifier: id } }]);
  });

  test('of which an attempt died when RDS had been asked is finished without asking again', async () => {
    const { user, id, secret } = await instance();
    const { beginWith, run } = await rdsRig(secret());
    await beginWith(secret({}, PENDING));
    rds.account.answer('ModifyDBInstance', {
      DBInstanceIdentifier: id,
      MasterUserPassword: PENDING,
      ApplyImmediately: 'true',
    });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.changes()).toEqual([]);
    expect(await server.accepts(user, PENDING)).toBe(true);
  });

  test('ends with an error if RDS takes longer than the function may, and the next attempt finishes it', async () => {
    const { user, secret } = await instance();
    const { begin, run, reattempt, password, log } = await rdsRig(secret(), {
      lambdaTimeoutMs: 3000,
    });
    rds.account.isHeld = true;
    await begin();
    const { outcome, steps } = await run();
    expect(outcome).toBe('failed');
    expect(steps.at(-1)).toMatchObject({
      step: 'setSecret',
      error: {
        code: 'ERR_SERVICE_TIMEOUT',
        message: expect.stringContaining('resetting-master-credentials'),
        hint: expect.stringContaining('next attempt'),
      },
    });
    expect(await server.accepts(user, FIRST)).toBe(true);
    const pending = await password('AWSPENDING');
    expect(leaks(allOf([steps, log]), pending)).toBeUndefined();

    rds.account.isHeld = false;
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(await password('AWSCURRENT')).toBe(pending);
    expect(await server.accepts(user, pending)).toBe(true);
    expect(rds.changes()).toHaveLength(1);
  });

  test('does not believe RDS that it is done before the database says so', async () => {
    const { user, secret } = await instance();
    const { begin, run, password } = await rdsRig(secret());
    Object.assign(rds.account, { isLagging: true, applyMs: 300 });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(rds.changes()).toHaveLength(1);
  });

  test('goes on when the answer of RDS was lost', async () => {
    const { user, secret } = await instance();
    const { begin, run, password } = await rdsRig(secret());
    rds.lost.add('ModifyDBInstance');
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(rds.changes()[0]?.params).toEqual(rds.changes()[1]?.params);
  });

  test('goes on after a throttle', async () => {
    const { secret } = await instance();
    const { begin, run } = await rdsRig(secret());
    rds.throttles = 1;
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('lets in a master user who is locked out', async () => {
    const { user, secret } = await instance();
    await setPassword(user, OTHER);
    const { begin, run, password } = await rdsRig(secret());
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(await server.accepts(user, OTHER)).toBe(false);
    expect(rds.changes()).toHaveLength(1);
  });

  test('takes a step twice at once', async () => {
    const { user, secret } = await instance();
    const { begin, deliver, password } = await rdsRig(secret());
    await begin();
    await deliver('createSecret');
    await Promise.all([deliver('setSecret'), deliver('setSecret')]);
    await deliver('testSecret');
    expect(await server.accepts(user, await password('AWSPENDING'))).toBe(true);
  });
});

describe('a database that is busy', () => {
  test.each(['instance', 'cluster'])('is waited for (%s)', async (kind) => {
    const { user, database, secret } = await (kind === 'cluster' ? cluster() : instance());
    Object.assign(database, { DBInstanceStatus: 'modifying', Status: 'modifying' });
    const { begin, run, password } = await rdsRig(secret());
    await begin();
    const running = run();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(rds.changes()).toEqual([]);
    expect(server.log()).not.toContain(`user=${user} `);
    Object.assign(database, { DBInstanceStatus: 'available', Status: 'available' });
    expect(await running).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(rds.changes()).toHaveLength(1);
  });

  test('is asked again later if it turns out so only when it is asked', async () => {
    const { user, id, secret } = await instance();
    Object.assign(rds.account, { isLagging: true, applyMs: 1000 });
    const byHand = { DBInstanceIdentifier: id, MasterUserPassword: OTHER, ApplyImmediately: 'true' };
    rds.account.answer('ModifyDBInstance', byHand);
    const { begin, run, password } = await rdsRig(secret());
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
    expect(await server.accepts(user, OTHER)).toBe(false);
    expect(rds.changes().length).toBeGreaterThan(1);
  });

  test('is not changed any more if the rotation was given up meanwhile', async () => {
    const { user, database, secret } = await instance({ DBInstanceStatus: 'backing-up' });
    const { begin, run, secrets } = await rdsRig(secret());
    const token = await begin();
    const running = run();
    await new Promise((resolve) => setTimeout(resolve, 500));
    await secrets.updateSecretVersionStage({
      SecretId: 'db',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token,
    });
    database.DBInstanceStatus = 'available';
    const { steps } = await running;
    expect(steps.at(-1)).toMatchObject({ step: 'setSecret', error: { code: 'ERR_ROTATION_ABANDONED' } });
    expect(rds.changes()).toEqual([]);
    expect(await server.accepts(user, FIRST)).toBe(true);
  });

  test('for longer than the function may run is an error that names the status', async () => {
    const { user, secret } = await instance({ DBInstanceStatus: 'stopped' });
    const error = await failureOf(user, secret(), { lambdaTimeoutMs: 2000 });
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      message: expect.stringContaining('(stopped)'),
    });
  });

  test('optimising its storage is not busy', async () => {
    const { secret } = await instance({ DBInstanceStatus: 'storage-optimization' });
    const { begin, run } = await rdsRig(secret(), { lambdaTimeoutMs: 5000 });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.changes()).toHaveLength(1);
  });
});

describe('nothing is changed', () => {
  test('if the server cannot be reached to see whether it would take the password', async () => {
    const { user, secret } = await instance();
    const error = await failureOf(user, secret(), { connectTo: () => ({ host: '127.0.0.1', port: 1 }) });
    expect(error).toMatchObject({ code: 'ERR_SERVICE_REFUSED' });
  });

  test.each(['DescribeDBInstances', 'ModifyDBInstance'])('without the right to rds:%s', async (action) => {
    const { user, secret } = await instance();
    rds.denied.add(action);
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringContaining(`rds:${action} of the DB instance`),
      hint: expect.stringContaining('role'),
    });
  });

  test.each(['DescribeDBClusters', 'ModifyDBCluster'])('without the right to rds:%s', async (action) => {
    const { user, secret } = await cluster();
    rds.denied.add(action);
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringContaining(`rds:${action} of the DB cluster`),
    });
  });

  test('without a way to the RDS API', async () => {
    const { user, secret } = await instance();
    rds.isSilent = true;
    expect(await failureOf(user, secret(), { lambdaTimeoutMs: 2000 })).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      hint: expect.stringContaining('com.amazonaws.<region>.rds'),
    });
  });

  test('if the DB instance is a read replica', async () => {
    const { user, secret } = await instance({ ReadReplicaSourceDBInstanceIdentifier: 'db-0' });
    expect(await failureOf(user, secret())).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY' });
  });

  test('if the cluster is a replica of another', async () => {
    const { user, secret } = await cluster({
      ReplicationSourceIdentifier: 'arn:aws:rds:eu-west-2:1:cluster:a',
    });
    expect(await failureOf(user, secret())).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY' });
  });

  test('if RDS manages the password itself', async () => {
    const MasterUserSecret = { SecretArn: 'arn:aws:secretsmanager:x', SecretStatus: 'active' };
    for (const { user, secret } of [
      await instance({ MasterUserSecret }),
      await cluster({ MasterUserSecret }),
    ]) {
      expect(await failureOf(user, secret())).toMatchObject({ code: 'ERR_MANAGED_BY_SERVICE' });
    }
  });

  test('if it is no PostgreSQL', async () => {
    const { user, secret } = await instance({ Engine: 'mysql' });
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining('mysql'),
    });
  });

  test('for a user who is not the master user', async () => {
    const { user, secret } = await instance({ MasterUsername: 'root' });
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(`"${user}" is not the master user`),
      hint: expect.stringContaining('"root"'),
    });
  });

  test.each([
    ['of a host that is called like it, elsewhere', 'c1.eu-west-1.rds.amazonaws.com'],
    ['of a host that is called like it, not in RDS', 'c1.eu-west-1.rds.evil.example'],
  ])('%s', async (_, zone) => {
    const { user, id, secret } = await instance();
    expect(await failureOf(user, secret({ host: `${id}.${zone}` }))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(`"host" is not the endpoint of the DB instance ${id}`),
      hint: expect.stringContaining(`${id}.${ZONE}`),
    });
  });

  test('at a cluster’s endpoint for readers, or at an instance’s', async () => {
    const { user, id, secret } = await cluster();
    for (const host of [`${id}.cluster-ro-${ZONE}`, `${id}-1.${ZONE}`]) {
      expect(await failureOf(user, secret({ host }))).toMatchObject({
        code: 'ERR_SECRET_MALFORMED',
        hint: expect.stringContaining(`${id}.cluster-${ZONE}`),
      });
    }
  });

  test('for an identifier of another database than the host’s', async () => {
    const { user, secret } = await instance();
    rds.account.addInstance('victim', { MasterUsername: user });
    expect(await failureOf(user, secret({ dbInstanceIdentifier: 'victim' }))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('"host" is not the endpoint of the DB instance victim'),
    });
  });

  test('for a host that RDS does not know, or that has no name of RDS', async () => {
    const { user, secret } = await instance();
    expect(await failureOf(user, secret({ host: `gone.${ZONE}` }))).toMatchObject({
      code: 'ERR_SERVICE_NOT_FOUND',
    });
    rds.requests.length = 0;
    expect(await failureOf(user, secret({ host: 'db.example.com' }))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      hint: expect.stringContaining('connectTo'),
    });
    expect(rds.requests).toEqual([]);
  });

  test('while RDS throttles', async () => {
    const { user, secret } = await instance();
    rds.throttles = 100;
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('throttled'),
    });
  });
});

describe('a password that RDS refuses', () => {
  test.each([
    ['has a character that it forbids', instance, 'pending/password@2'],
    ['is too long for a cluster', cluster, `pending-password-${'2'.repeat(40)}`],
  ])('since it %s is told with the way to be rid of it', async (_, make, refused) => {
    const { user, secret } = await make();
    const { beginWith, begin, deliver, run, secrets, password } = await rdsRig(secret());
    const token = await beginWith(secret({}, refused));
    const error = await rejection(deliver('setSecret'));
    expect(error).toMatchObject({
      code: 'ERR_VALUE_REFUSED',
      hint: expect.stringContaining(`--version-stage AWSPENDING --remove-from-version-id ${token}`),
      cause: { name: 'InvalidParameterValue' },
    });
    expect(leaks(allOf(error), refused)).toBeUndefined();
    expect(await server.accepts(user, FIRST)).toBe(true);

    await secrets.updateSecretVersionStage({
      SecretId: 'db',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token,
    });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(user, await password('AWSCURRENT'))).toBe(true);
  });

  test.each([
    [{ length: 7 }, '8 to 128'],
    [{ length: 129 }, '8 to 128'],
    [{ length: 8.5 }, 'whole number'],
    [{ require: ['digit'], exclude: '0123456789' }, 'excludes all of them'],
  ] as const)('would be made by the policy %j, which is refused at once', (password, problem) => {
    expect(() => rdsInstance({ password })).toThrow(
      expect.objectContaining({ code: 'ERR_PASSWORD_POLICY', message: expect.stringContaining(problem) }),
    );
  });

  test('would be made by PASSWORD_LENGTH=200, which is refused at once', () => {
    process.env.PASSWORD_LENGTH = '200';
    try {
      expect(() => rdsInstance()).toThrow(expect.objectContaining({ code: 'ERR_PASSWORD_POLICY' }));
    } finally {
      delete process.env.PASSWORD_LENGTH;
    }
  });
});

test.each([0, 1.5, 60_001])('pollMs: %p is refused when the rotator is made', (pollMs) => {
  expect(() => rdsInstance({ pollMs })).toThrow(TypeError);
});

test('an identifier that is no string is refused by name', async () => {
  const { secret } = await instance();
  const { begin, deliver } = await rdsRig(secret({ dbInstanceIdentifier: 5 }));
  await begin();
  expect(await rejection(deliver('createSecret'))).toMatchObject({
    code: 'ERR_SECRET_MALFORMED',
    message: expect.stringContaining('"dbInstanceIdentifier"'),
  });
});
