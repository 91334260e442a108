import { alternatingUsers, type MysqlOptions, mysql } from '../../../rotators/mysql/index.js';
import { LocalSecretsManager, rig } from '../../../src/testing/index.js';
import { until } from '../../support/command.js';
import { rejection } from '../../support/errors.js';
import { endOf } from '../../support/mysql-login.js';
import { describeServers } from '../../support/mysql-programs.js';
import { type Replication, startReplication, stopRds } from '../../support/mysql-replica.js';
import { ADMIN, accountsIn, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { certificate } from '../../support/postgres.js';
import { databaseRig } from '../../support/postgres-rig.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');
afterAll(stopRds);

const SUCCEEDED = { outcome: 'succeeded' };
const LAG_MS = 3000;

interface Given extends MysqlOptions {
  /** What is said of the user’s account, after its password. */
  readonly limits?: string;
  readonly reader?: 'reader' | 'stranger';
  readonly lambdaTimeoutMs?: number;
  readonly masterarn?: string | null;
  /** Whether the secret has another password than the server. */
  readonly isLost?: boolean;
  readonly takesTurns?: boolean;
}

describeServers('a secret whose host is a read replica in RDS', (program, test) => {
  const isMysql = program.flavour === 'mysql';
  let servers: Replication;

  beforeAll(async () => {
    servers = await startReplication(program);
    await makeAdministrator(servers.source);
    await makeAdministrator(servers.source, 'looker');
    await servers.source.sql('GRANT SELECT ON mysql.* TO looker');
  });
  afterEach(() => servers.numbered('OFF_PERMISSIVE'));
  afterAll(() => servers.stop());

  async function replicaRig(given: Given = {}) {
    const { limits = '', reader = 'reader', lambdaTimeoutMs, isLost = false, ...others } = given;
    const { takesTurns = false, masterarn = 'looker', ...options } = others;
    const { source, replica } = servers;
    const app = newUser();
    await source.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}' ${limits}`);
    if (takesTurns) await source.sql(`GRANT ${app} TO looker WITH ADMIN OPTION`);
    await servers.caughtUp();
    const { connectTo, place } = servers;
    const mayReset = isLost ? [app] : [];
    const all = { ca: await certificate('ca.pem'), connectTo, mayReset, ...options };
    const secrets = new LocalSecretsManager(
      lambdaTimeoutMs === undefined ? {} : { timeoutMs: lambdaTimeoutMs },
    );
    const common = {
      name: 'db',
      secret: {
        ...place(reader),
        username: app,
        password: isLost ? 'lost-4Tg8-1zxc' : FIRST,
        ...(masterarn && { masterarn }),
      },
      others: { looker: { ...place('writer'), username: 'looker', password: ADMIN } },
      secrets,
    };
    const rigged = takesTurns ? await rig(alternatingUsers(all), common) : await rig(mysql(all), common);
    const { rotation, begin, ...rest } = databaseRig(rigged);
    return {
      ...rest,
      begin,
      app,
      rotation,
      /** How a login ends at the replica, as an application’s would. */
      end: (taken: string, username = app) => endOf(replica, username, taken),
      /** Rotates, while the replica applies nothing for some seconds once the source has made the change. */
      async rotateWhileItLags(lagMs = LAG_MS) {
        await begin();
        await rest.deliver('createSecret');
        let setting: Promise<unknown> | undefined;
        await servers.whileItLags(async () => {
          setting = rest.deliver('setSecret');
          setting.catch(() => {});
          await new Promise((resolve) => setTimeout(resolve, lagMs));
        });
        await setting;
        for (const step of ['testSecret', 'finishSecret'] as const) await rest.deliver(step);
      },
    };
  }

  test('gets both passwords, which are set at its source, and is waited for', async () => {
    const { app, begin, deliver, password } = await replicaRig();
    const { source, replica } = servers;
    await begin();
    await deliver('createSecret');
    const pending = await password('AWSPENDING');
    let isDone = false;
    let setting: Promise<unknown> | undefined;
    await servers.whileItLags(async () => {
      setting = deliver('setSecret').then(() => {
        isDone = true;
      });
      await until(() => isAccepted(source, app, pending));
      expect(await isAccepted(replica, app, pending)).toBe(false);
      expect(isDone).toBe(false);
    });
    await setting;
    for (const step of ['testSecret', 'finishSecret'] as const) await deliver(step);
    for (const server of [source, replica]) {
      for (const taken of [FIRST, pending]) expect(await isAccepted(server, app, taken)).toBe(true);
    }
  });

  test('is never locked by a wait, where only a login tells: no two logins in a row are refused', async () => {
    const limits = isMysql ? 'FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED' : '';
    const { app, rotateWhileItLags, end, password } = await replicaRig({ limits });
    await rotateWhileItLags();
    expect(await end(FIRST)).toBe('in');
    expect(await end(await password('AWSCURRENT'))).toBe('in');
    // At 0.3 s and 1.3 s; at 3.3 s too, if the machine is busy.
    expect(await servers.refused(app)).toBeLessThanOrEqual(3);
  });

  test('refuses no login at all while it lags, where changes have numbers', async () => {
    await servers.numbered('ON_PERMISSIVE');
    const limits = isMysql ? 'FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED' : '';
    if (!isMysql) await servers.replica.sql('SET GLOBAL max_password_errors = 1');
    const { app, rotateWhileItLags, end, password } = await replicaRig({ limits });
    try {
      await rotateWhileItLags(2000);
      expect(await servers.refused(app)).toBe(0);
      expect(await end(FIRST)).toBe('in');
      expect(await end(await password('AWSCURRENT'))).toBe('in');
    } finally {
      if (!isMysql) await servers.replica.sql('SET GLOBAL max_password_errors = DEFAULT');
    }
  });

  if (isMysql) {
    for (const [limit, keeps] of [
      [1, 2],
      [2, 1],
    ] as const) {
      test(`that locks at refused login ${limit}, and has no numbers, is refused before a change, with keeps: ${keeps}`, async () => {
        const limits = `FAILED_LOGIN_ATTEMPTS ${limit} PASSWORD_LOCK_TIME 1`;
        const { app, begin, deliver, end, rotation } = await replicaRig({ limits, keeps });
        await begin();
        await deliver('createSecret');
        const before = await accountsIn(servers.source, app);
        const statement = `ALTER USER \`${app}\`@\`%\` FAILED_LOGIN_ATTEMPTS 5`;
        expect(await rejection(deliver('setSecret'))).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          message: expect.stringContaining(`at refused login ${limit} in a row`),
          hint: expect.stringContaining(statement),
        });
        expect(await accountsIn(servers.source, app)).toBe(before);
        expect(await end(FIRST)).toBe('in');
        await servers.source.sql(statement);
        await servers.caughtUp();
        expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
      });
    }
  }

  test('ends AWSCURRENT with `keeps: 1` once the change is there, and that is no failure', async () => {
    const limits = isMysql ? 'FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 1' : '';
    const { rotateWhileItLags, end, password } = await replicaRig({ keeps: 1, limits });
    await rotateWhileItLags();
    expect(await end(await password('AWSCURRENT'))).toBe('in');
    expect(await end(FIRST)).toBe('rejected');
  });

  test('that lags for longer than the step is ERR_SERVICE_TIMEOUT, locks nobody, and the next attempt goes on', async () => {
    const limits = isMysql ? 'FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1' : '';
    const { begin, deliver, end, rotation } = await replicaRig({ limits, lambdaTimeoutMs: 5000 });
    await begin();
    await deliver('createSecret');
    await servers.whileItLags(async () => {
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_SERVICE_TIMEOUT',
        message: expect.stringContaining('is a replica'),
      });
      expect(await end(FIRST)).toBe('in');
    });
    expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
  });

  test('has a lost password reset with one login more, since none is known that would start a count anew', async () => {
    const limits = isMysql ? 'FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME 1' : '';
    const { app, begin, deliver, end, rotation, password } = await replicaRig({ limits, isLost: true });
    await begin();
    await deliver('createSecret');
    await servers.whileItLags(async () => {
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
      // AWSCURRENT, AWSPENDING, and AWSPENDING once more.
      expect(await servers.refused(app)).toBe(3);
      expect(await end(FIRST)).toBe('in');
    });
    expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
    expect(await end(await password('AWSCURRENT'))).toBe('in');
  });

  test('with no administrator says who could change the password, and changes nothing', async () => {
    const { begin, deliver, end } = await replicaRig({ masterarn: null });
    await begin();
    await deliver('createSecret');
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SERVICE_READ_ONLY',
      hint: expect.stringContaining('name an administrator of its writer with `masterarn`'),
    });
    expect(await end(FIRST)).toBe('in');
  });

  test('of another source is no way to its password', async () => {
    const { app, begin, deliver, password } = await replicaRig({ reader: 'stranger' });
    await begin();
    await deliver('createSecret');
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      hint: expect.stringContaining('read replica'),
    });
    expect(await isAccepted(servers.source, app, await password('AWSPENDING'))).toBe(false);
  });

  if (isMysql) {
    describe('users that take turns there', () => {
      test('are waited for without one refused login, where changes have numbers', async () => {
        await servers.numbered('ON_PERMISSIVE');
        const limits = 'FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED';
        const { app, rotateWhileItLags, text, end } = await replicaRig({ limits, takesTurns: true });
        for (let turn = 0; turn < 3; turn++) {
          const before = JSON.parse(await text('AWSCURRENT'));
          await rotateWhileItLags(1500);
          const now = JSON.parse(await text('AWSCURRENT'));
          expect(now.username).not.toBe(before.username);
          for (const { username, password } of [before, now])
            expect(await end(password, username)).toBe('in');
        }
        for (const user of [app, `${app}_clone`]) expect(await servers.refused(user)).toBe(0);
      });

      test('are tried with one login an attempt, where only a login tells', async () => {
        const rigged = await replicaRig({ takesTurns: true });
        const { app, begin, deliver, rotation, end } = rigged;
        await begin();
        expect(await rotation().run()).toMatchObject(SUCCEEDED);
        // Not the clone's, which has its turn: each user has its own.
        await servers.source.sql(`ALTER USER ${app} FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME 1`);
        await begin();
        await deliver('createSecret');
        const refused = await servers.refused(app);
        await servers.whileItLags(async () => {
          expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
        });
        expect((await servers.refused(app)) - refused).toBe(1);
        expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
        expect(await end(await rigged.password('AWSCURRENT'))).toBe('in');
      });
    });
  }
});
