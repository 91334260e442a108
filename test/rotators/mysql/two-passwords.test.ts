import { disturbed } from '../../support/disturbed-server.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { passwordsOf, publicKeyOf } from '../../support/mysql-contract.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, type MysqlRigOptions, makeAdministrator, mysqlRig } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const SUCCEEDED = { outcome: 'succeeded' };

describeServers('two passwords, through an administrator', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  const rig = (options: MysqlRigOptions = {}) => mysqlRig(server, options);
  /** On a way that a test disturbs, by what is sent: so without TLS. */
  const plainRig = async (port: number, options: MysqlRigOptions = {}) => {
    const serverPublicKey = await publicKeyOf(server);
    return rig({
      port,
      secret: { ssl: false },
      administrator: { ssl: false },
      ...(serverPublicKey !== undefined && { serverPublicKey }),
      ...options,
    });
  };

  test('AWSCURRENT and AWSPREVIOUS are accepted after each rotation, and what was before them is not', async () => {
    const { app, rotate, password, alive } = await rig();
    const known = [FIRST];
    for (let n = 0; n < 4; n++) {
      expect(await rotate()).toMatchObject(SUCCEEDED);
      known.push(await password('AWSCURRENT'));
      expect(await alive(...known)).toEqual(known.slice(-2));
      expect(await passwordsOf(server, app)).toBe(2);
    }
    expect(new Set(known).size).toBe(5);
  });

  test('the log says that the old password goes on working, and counts it', async () => {
    const { rotate, log } = await rig();
    await rotate();
    const [entry, ...others] = log.filter(({ oldPasswordKept }) => oldPasswordKept === 1);
    expect(entry).toMatchObject({
      step: 'setSecret',
      warnings: [expect.stringContaining('until the next rotation’s setSecret')],
    });
    expect(others).toEqual([]);
  });

  test('with `keeps: 1` AWSCURRENT alone is accepted, whatever was before', async () => {
    const { app, rotate, password, alive, log } = await rig({ keeps: 1 });
    await server.sql(twoPasswords(server, app, FIRST, 'somebody-elses-1'));
    expect(await rotate()).toMatchObject(SUCCEEDED);
    const current = await password('AWSCURRENT');
    expect(await alive(FIRST, 'somebody-elses-1', current)).toEqual([current]);
    expect(await passwordsOf(server, app)).toBe(1);
    expect(log.some((entry) => 'oldPasswordKept' in entry)).toBe(false);
  });

  test('setSecret may be repeated, with other salts each time', async () => {
    const { app, begin, deliver, password, alive } = await rig();
    await begin();
    await deliver('createSecret');
    for (let n = 0; n < 3; n++) {
      await deliver('setSecret');
      expect(await alive(FIRST, await password('AWSPENDING'))).toHaveLength(2);
      expect(await passwordsOf(server, app)).toBe(2);
    }
  });

  test('an abandoned rotation leaves its password, until the next one ends it: {B,C}, then {B,D}', async () => {
    const { secrets, secretId, begin, deliver, rotate, password, alive } = await rig();
    await rotate();
    const b = await password('AWSCURRENT');
    const RemoveFromVersionId = await begin();
    await deliver('createSecret');
    await deliver('setSecret');
    const c = await password('AWSPENDING');
    await secrets.updateSecretVersionStage({
      SecretId: secretId,
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId,
    });
    expect(await alive(FIRST, b, c)).toEqual([b, c]);
    expect(await rotate()).toMatchObject(SUCCEEDED);
    expect(await alive(FIRST, b, c, await password('AWSCURRENT'))).toEqual([b, await password('AWSCURRENT')]);
  });

  test('AWSCURRENT that the server refuses is not made valid again', async () => {
    const { app, begin, deliver, run, password, alive } = await rig();
    await begin();
    for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
    const pending = await password('AWSPENDING');
    await server.sql(twoPasswords(server, app, pending, 'somebody-elses-1'));
    await deliver('setSecret');
    expect(await alive(FIRST, 'somebody-elses-1', pending)).toEqual([pending]);
    expect(await run()).toMatchObject(SUCCEEDED);
  });

  test('AWSCURRENT of which nothing is known is not ended, although AWSPENDING logs in', async () => {
    const line = await disturbed(server.port);
    const { begin, deliver, accepts } = await plainRig(line.port);
    await begin();
    for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
    // Of a login: what comes after its first message is the proof of the password.
    let logins = 0;
    line.breakAt((_, before) => before === '' && ++logins === 1, 'after');
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
    await line.close();
    expect(await accepts(FIRST)).toBe(true);
  });

  test('what else an account has stays', async () => {
    const { app, rotate } = await rig();
    await server.sql(
      `GRANT SELECT ON mysql.help_topic TO ${app}; ALTER USER ${app} REQUIRE SSL WITH MAX_USER_CONNECTIONS 9 PASSWORD EXPIRE INTERVAL 99 DAY`,
    );
    const shown = async () => {
      const [row] = await server.sql(`SHOW CREATE USER ${app}`);
      return String(Object.values(row ?? {})[0]).replace(/IDENTIFIED.*?(?= REQUIRE)/s, '');
    };
    const before = await shown();
    expect(before).toContain('REQUIRE SSL');
    await rotate();
    expect(await shown()).toBe(before);
  });

  test('a statement that is held back, while two rotations go by, finds no session any more', async () => {
    const line = await disturbed(server.port);
    const { secrets, secretId, begin, deliver, rotation, rotate, password, alive } = await plainRig(
      line.port,
    );
    await begin();
    await deliver('createSecret');
    const held = line.holdBack((message) => message.includes('ALTER USER'));
    const late = deliver('setSecret').catch((error: unknown) => error);
    await held.reached;
    const since = performance.now();
    expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
    const b = await password('AWSCURRENT');
    expect(await rotate()).toMatchObject(SUCCEEDED);
    // The lock was free after so long; and nobody waits for a session that froze longer than that.
    expect(performance.now() - since).toBeLessThan(8000);
    held.letGo();
    await late;
    const c = await password('AWSCURRENT');
    expect(await alive(FIRST, b, c)).toEqual([b, c]);
    await line.close();
    expect(await secrets.describeSecret({ SecretId: secretId })).toBeDefined();
  });

  test('an attempt that finds another one’s lock says who holds it, and changes nothing', async () => {
    const { begin, deliver, password, alive, app } = await rig({ timeoutMs: 2000 });
    await begin();
    await deliver('createSecret');
    const { createHash } = await import('node:crypto');
    const name = `quarterturn:${createHash('sha256').update(app).digest('hex').slice(0, 48)}`;
    await server.sql(`DO GET_LOCK('${name}', 0)`);
    const error = await rejection(deliver('setSecret'));
    await server.sql(`DO RELEASE_LOCK('${name}')`);
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      hint: expect.stringContaining(`IS_USED_LOCK('${name}')`),
    });
    expect(await alive(FIRST, await password('AWSPENDING'))).toEqual([FIRST]);
  });

  test('a change that is sent after two later rotations is not made: the labels are looked at under the lock', async () => {
    const line = await disturbed(server.port);
    const { begin, deliver, rotation, rotate, password, alive } = await plainRig(line.port);
    await begin();
    await deliver('createSecret');
    const held = line.holdBack((message) => message.includes('SET SESSION wait_timeout'));
    const late = deliver('setSecret').catch((error: unknown) => error);
    await held.reached;
    expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
    const b = await password('AWSCURRENT');
    expect(await rotate()).toMatchObject(SUCCEEDED);
    const c = await password('AWSCURRENT');
    held.letGo();
    expect(await late).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
    expect(await alive(FIRST, b, c)).toEqual([b, c]);
    await line.close();
  });

  test('a change that another attempt has finished is let go of', async () => {
    const line = await disturbed(server.port);
    const { begin, deliver, rotation, rotate, password, alive } = await plainRig(line.port);
    await begin();
    await deliver('createSecret');
    const held = line.holdBack((message) => message.includes('SET SESSION wait_timeout'));
    const late = deliver('setSecret');
    await held.reached;
    expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
    const b = await password('AWSCURRENT');
    held.letGo();
    await late;
    expect(await rotate()).toMatchObject(SUCCEEDED);
    expect(await alive(FIRST, b, await password('AWSCURRENT'))).toEqual([b, await password('AWSCURRENT')]);
    await line.close();
  });

  if (program.flavour === 'mysql') {
    test('a server that takes an account once in a statement is told in two', async () => {
      const line = await disturbed(server.port);
      const { rotate, password, alive } = await plainRig(line.port);
      const refused = Buffer.from(
        '\0\0\0\x01\xff\x28\x04#42000You have an error in your SQL syntax',
        'latin1',
      );
      refused.writeUIntLE(refused.length - 4, 0, 3);
      line.answer((message) => /ALTER USER .* RETAIN CURRENT PASSWORD$/.test(message), refused);
      expect(await rotate()).toMatchObject(SUCCEEDED);
      await line.close();
      expect(await alive(FIRST, await password('AWSCURRENT'))).toHaveLength(2);
    });
  }

  test('a backup that the change waits for ends the step in time, and the next attempt goes on', async () => {
    const { begin, deliver, reattempt, password, accepts } = await rig({ timeoutMs: 3000 });
    await begin();
    await deliver('createSecret');
    const [lock, unlock] =
      program.flavour === 'mysql'
        ? ['LOCK INSTANCE FOR BACKUP', 'UNLOCK INSTANCE']
        : ['FLUSH TABLES WITH READ LOCK', 'UNLOCK TABLES'];
    await server.sql(lock);
    const error = await rejection(deliver('setSecret'));
    await server.sql(unlock);
    expect(error).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
    for (const secret of [FIRST, ADMIN, await password('AWSPENDING')]) {
      expect(leaks(allOf(error), secret)).toBeUndefined();
    }
    expect(await accepts(FIRST)).toBe(true);
    expect(await reattempt()).toMatchObject(SUCCEEDED);
    expect(await accepts(await password('AWSCURRENT'))).toBe(true);
  });
});

/** Gives an account two passwords, as nobody of ours does. */
function twoPasswords({ flavour }: TestServer, user: string, newer: string, older: string): string {
  return flavour === 'mysql'
    ? `ALTER USER ${user} IDENTIFIED BY '${older}'; ALTER USER ${user} IDENTIFIED BY '${newer}' RETAIN CURRENT PASSWORD`
    : `ALTER USER ${user} IDENTIFIED VIA mysql_native_password USING PASSWORD('${newer}') OR mysql_native_password USING PASSWORD('${older}')`;
}
