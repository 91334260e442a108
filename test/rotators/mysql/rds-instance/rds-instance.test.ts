import { type RdsInstanceOptions, rdsInstance } from '../../../../rotators/mysql/index.js';
import { lambda } from '../../../../rotators/mysql/rds-instance/lambda.js';
import { LocalSecretsManager, rig } from '../../../../src/testing/index.js';
import { allOf, leaks, rejection } from '../../../support/errors.js';
import { publicKeyOf } from '../../../support/mysql-contract.js';
import { describeServers, type Program } from '../../../support/mysql-programs.js';
import { FIRST, isAccepted } from '../../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../../support/mysql-servers.js';
import { certificate } from '../../../support/postgres.js';
import { databaseRig } from '../../../support/postgres-rig.js';
import type { Instance } from '../../../support/rds-account.js';
import { RdsServer } from '../../../support/rds-server.js';
import { declared, RecordedCalls } from '../../../support/recorded-calls.js';
import { mayTakeAsLongAs } from '../../../support/timeouts.js';

mayTakeAsLongAs('servers');

const PENDING = 'pending-password-2';
const OTHER = 'other-password-3';
const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

/** The server that is all of RDS's databases. */
let server: TestServer;
let ca: string;
let count = 0;

// One for all: the SDK's client keeps its address.
let rds: RdsServer;
beforeAll(async () => {
  ca = await certificate('ca.pem');
  rds = await RdsServer.start(setPassword);
});
beforeEach(() => rds.reset());
afterAll(() => rds.stop());

const setPassword = (user: string, password: string) =>
  server.sql(`ALTER USER ${user} IDENTIFIED BY '${password}'`);

async function master(program: Program) {
  const user = `master_${++count}`;
  await server.sql(`CREATE USER ${user} IDENTIFIED BY '${FIRST}'`);
  const secretOf =
    (host: string) =>
    (more: object = {}, password = FIRST) =>
      JSON.stringify({ engine: program.flavour, host, username: user, password, ...more });
  return { user, secretOf };
}

/** A DB instance, and the secret of its master user. */
async function instance(program: Program, parts: Partial<Instance> = {}) {
  const { user, secretOf } = await master(program);
  const id = `db-${count}`;
  rds.account.addInstance(id, { Engine: program.flavour, MasterUsername: user, ...parts });
  return { user, id, secret: secretOf(`${id}.${ZONE}`) };
}

/** A secret of a master user, and the rotator for it, which finds the server. */
async function rdsRig(secret: string, options: RdsInstanceOptions = {}) {
  const connectTo = () => ({ host: 'localhost', port: server.port });
  const rotator = rdsInstance({ pollMs: 20, connectTo, ca, ...options });
  return databaseRig(await rig(rotator, { name: 'db', secret, secrets: new LocalSecretsManager() }));
}

/** What setSecret throws, after which nothing has been changed or given away. */
async function failureOf(user: string, secretString: string) {
  const { begin, deliver, password, log } = await rdsRig(secretString);
  await begin();
  await deliver('createSecret');
  const error = await rejection(deliver('setSecret'));
  expect(error).toMatchObject({ name: 'RotationError', hint: expect.any(String) });
  expect(rds.changes()).toEqual([]);
  expect(await password('AWSCURRENT')).toBe(FIRST);
  for (const secret of [FIRST, await password('AWSPENDING')]) {
    expect(await isKnown(user, secret)).toBe(secret === FIRST);
    expect(leaks(allOf([error, log]), secret)).toBeUndefined();
  }
  return error;
}

/** Whether the server would take a password, if the account is locked, too. */
async function isKnown(user: string, password: string): Promise<boolean> {
  await server.sql(`ALTER USER ${user} ACCOUNT UNLOCK`);
  return isAccepted(server, user, password);
}

describeServers('rdsInstance()', (program, test) => {
  beforeAll(async () => {
    server = await startTestServer(program);
  });
  afterAll(() => server.stop());

  test('has RDS change the password, twice over, once each', async () => {
    const { user, id, secret } = await instance(program);
    const { begin, run, password } = await rdsRig(secret());
    for (let n = 1; n <= 2; n++) {
      const old = await password('AWSCURRENT');
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
      const next = await password('AWSCURRENT');
      expect(await isAccepted(server, user, next)).toBe(true);
      expect(await isAccepted(server, user, old)).toBe(false);
      expect(rds.changes()).toHaveLength(n);
      expect(rds.changes().at(-1)).toMatchObject({
        action: 'ModifyDBInstance',
        params: { DBInstanceIdentifier: id, MasterUserPassword: next },
      });
    }
  });

  const isMysql = program.flavour === 'mysql';
  // RDS has no clusters of MariaDB.
  if (isMysql) {
    test('has RDS change that of a cluster', async () => {
      const { user, secretOf } = await master(program);
      const id = `aurora-${count}`;
      rds.account.addCluster(id, { Engine: 'aurora-mysql', MasterUsername: user });
      const secret = secretOf(`${id}.cluster-${ZONE}`);
      const { begin, run, password } = await rdsRig(secret({ engine: 'aurora-mysql' }));
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
      expect(await isAccepted(server, user, await password('AWSCURRENT'))).toBe(true);
      expect(rds.changes()).toMatchObject([
        { action: 'ModifyDBCluster', params: { DBClusterIdentifier: id } },
      ]);
    });
  }

  test('finishes what an attempt began that died when RDS had been asked, and asks no more', async () => {
    const { user, id, secret } = await instance(program);
    const { beginWith, run } = await rdsRig(secret());
    await beginWith(secret({}, PENDING));
    rds.account.answer('ModifyDBInstance', { DBInstanceIdentifier: id, MasterUserPassword: PENDING });
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(rds.changes()).toEqual([]);
    expect(await isAccepted(server, user, PENDING)).toBe(true);
  });

  test('lets in a master user who is locked out', async () => {
    const { user, secret } = await instance(program);
    await setPassword(user, OTHER);
    const { begin, run, password } = await rdsRig(secret());
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await isAccepted(server, user, await password('AWSCURRENT'))).toBe(true);
    expect(await isAccepted(server, user, OTHER)).toBe(false);
    expect(rds.changes()).toHaveLength(1);
  });

  test('changes nothing while the server lets nobody in for a reason that a password would not change', async () => {
    const { user, secret } = await instance(program);
    await server.sql(`ALTER USER ${user} ACCOUNT LOCK`);
    expect(await failureOf(user, secret())).toMatchObject({ code: 'ERR_LOGIN_NOT_ALLOWED' });
  });

  test('changes nothing of a PostgreSQL', async () => {
    const { user, secret } = await instance(program, { Engine: 'postgres' });
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining('runs postgres, which is not MySQL or MariaDB'),
    });
  });

  test('changes nothing for a user who is not the master user, and names the rotator that can', async () => {
    const { user, secret } = await instance(program, { MasterUsername: 'root' });
    expect(await failureOf(user, secret())).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      hint: expect.stringContaining('mysql() can'),
    });
  });

  test('tells how to be rid of a value that RDS refuses', async () => {
    const { user, secret } = await instance(program);
    const { beginWith, deliver } = await rdsRig(secret());
    const refused = `pending-password-${'2'.repeat(40)}`;
    const token = await beginWith(secret({}, refused));
    const error = await rejection(deliver('setSecret'));
    expect(error).toMatchObject({
      code: 'ERR_VALUE_REFUSED',
      hint: expect.stringMatching(new RegExp(`8 to 41 characters of .*--remove-from-version-id ${token}`)),
    });
    expect(leaks(allOf(error), refused)).toBeUndefined();
    expect(await isAccepted(server, user, FIRST)).toBe(true);
  });

  test('without TLS stores no value that could not be proved, and is right with the server’s key', async () => {
    const { user, secret } = await instance(program);
    if (isMysql) {
      const { begin, deliver, password } = await rdsRig(secret({ ssl: false }));
      await begin();
      expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_TLS_NOT_OFFERED' });
      expect(await rejection(password('AWSPENDING'))).toMatchObject({ name: 'ResourceNotFoundException' });
      expect(rds.requests).toEqual([]);
    }
    const serverPublicKey = await publicKeyOf(server);
    const { begin, run, password } = await rdsRig(
      secret({ ssl: false }),
      serverPublicKey === undefined ? {} : { serverPublicKey },
    );
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await isAccepted(server, user, await password('AWSCURRENT'))).toBe(true);
  });

  test('asks for what its Lambda declares, in those steps', async () => {
    const calls = new RecordedCalls(() => rds.actions().map((action) => `rds:${action}`));
    const rotator = rdsInstance({
      ca,
      pollMs: 5,
      connectTo: () => ({ host: 'localhost', port: server.port }),
    });
    const { secret } = await instance(program);
    await calls.rotate(rotator, { secret: JSON.parse(secret()) });
    const { user, secretOf } = await master(program);
    const Engine = program.flavour === 'mysql' ? 'aurora-mysql' : 'mariadb';
    const { Endpoint } = rds.account.addCluster(`aurora-${count}`, { Engine, MasterUsername: user });
    await calls.rotate(rotator, { secret: JSON.parse(secretOf(Endpoint)()) });
    expect(calls.elsewhere()).toEqual(declared(lambda.permissions));
  });
});

test.each([
  [{ length: 7 }, '8 to 41'],
  [{ length: 42 }, '8 to 41'],
] as const)('a policy that RDS would take no password of, %j, is refused at once', (password, problem) => {
  expect(() => rdsInstance({ password })).toThrow(
    expect.objectContaining({ code: 'ERR_PASSWORD_POLICY', message: expect.stringContaining(problem) }),
  );
});

test('an option that cannot be is refused when the rotator is made', () => {
  expect(() => rdsInstance({ serverPublicKey: '/etc/key.pem' })).toThrow(TypeError);
  expect(() => rdsInstance({ pollMs: 0 })).toThrow(TypeError);
});
