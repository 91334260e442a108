import { passwordHash } from '../../../rotators/mysql/hashes.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { passwordsOf, publicKeyOf } from '../../support/mysql-contract.js';
import { describeServers } from '../../support/mysql-programs.js';
import {
  accountsIn,
  FIRST,
  type MysqlRigOptions,
  makeAdministrator,
  mysqlRig,
} from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const OTHER = 'othr-5Vd3-6wsn';
const THIRD = 'thrd-8Jp4-2xqe';
const SUCCEEDED = { outcome: 'succeeded' };

const alone = { secret: { masterarn: null } };

describeServers(
  'a user that sets its own password',
  (program, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(program);
      await makeAdministrator(server);
    });
    afterAll(() => server.stop());

    /** With the right to keep two passwords, and whatever else its account is. */
    async function withTheRight(is = '', options: MysqlRigOptions = {}) {
      const rigged = await mysqlRig(server, { ...alone, made: `IDENTIFIED BY '${FIRST}' ${is}`, ...options });
      await server.sql(`GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO ${rigged.app}`);
      return rigged;
    }

    test('keeps AWSCURRENT if it has the right, and the log says so', async () => {
      const { app, rotate, password, alive, log } = await withTheRight();
      const known = [FIRST];
      for (let n = 0; n < 3; n++) {
        expect(await rotate()).toMatchObject(SUCCEEDED);
        known.push(await password('AWSCURRENT'));
        expect(await alive(...known)).toEqual(known.slice(-2));
        expect(await passwordsOf(server, app)).toBe(2);
      }
      expect(log.filter(({ oldPasswordKept }) => oldPasswordKept)).toHaveLength(3);
    });

    test('ends AWSCURRENT without the right, and says nothing of it', async () => {
      const { rotate, password, alive, log } = await mysqlRig(server, alone);
      for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
      const [current, previous] = [await password('AWSCURRENT'), await password('AWSPREVIOUS')];
      expect(await alive(FIRST, previous, current)).toEqual([current]);
      expect(log.some((entry) => 'oldPasswordKept' in entry)).toBe(false);
    });

    test('without the right cannot see a second password, nor end it', async () => {
      const { app, rotate, password, alive } = await mysqlRig(server, alone);
      await server.sql(
        `ALTER USER ${app} IDENTIFIED BY '${OTHER}'; ALTER USER ${app} IDENTIFIED BY '${FIRST}' RETAIN CURRENT PASSWORD`,
      );
      expect(await rotate()).toMatchObject(SUCCEEDED);
      const current = await password('AWSCURRENT');
      expect(await alive(FIRST, OTHER, current)).toEqual([OTHER, current]);
      await server.sql(`ALTER USER ${app} DISCARD OLD PASSWORD`);
      expect(await alive(OTHER, current)).toEqual([current]);
    });

    for (const is of ['PASSWORD REQUIRE CURRENT', 'PASSWORD HISTORY 5', 'PASSWORD REUSE INTERVAL 99 DAY']) {
      for (const hasRight of [true, false]) {
        test(`with ${is}, ${hasRight ? 'with' : 'without'} the right, can be rotated, and each step repeated`, async () => {
          const { rotate, begin, deliver, run, password, accepts } = hasRight
            ? await withTheRight(is)
            : await mysqlRig(server, { ...alone, made: `IDENTIFIED BY '${FIRST}' ${is}` });
          for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
          await begin();
          await deliver('createSecret');
          for (let n = 0; n < 3; n++) {
            await deliver('setSecret');
            expect(await accepts(await password('AWSPENDING'))).toBe(true);
            expect(await accepts(await password('AWSCURRENT'))).toBe(hasRight);
          }
          expect(await run()).toMatchObject(SUCCEEDED);
        });
      }
    }

    for (const is of [
      '',
      'PASSWORD HISTORY 5',
      'PASSWORD REUSE INTERVAL 99 DAY',
      'PASSWORD REQUIRE CURRENT',
    ]) {
      test(`with ${is || 'nothing else'}, and \`keeps: 1\`, ends the second password that it has`, async () => {
        const { app, begin, deliver, run, password, alive } = await withTheRight(is, {
          keeps: 1,
          secret: { ...alone.secret, password: THIRD },
        });
        await server.sql(
          `ALTER USER ${app} IDENTIFIED BY '${OTHER}'; ALTER USER ${app} IDENTIFIED BY '${THIRD}' RETAIN CURRENT PASSWORD`,
        );
        await begin();
        await deliver('createSecret');
        for (let n = 0; n < 2; n++) await deliver('setSecret');
        expect(await run()).toMatchObject(SUCCEEDED);
        const current = await password('AWSCURRENT');
        expect(await alive(FIRST, OTHER, THIRD, current)).toEqual([current]);
      });
    }

    for (const is of ['PASSWORD HISTORY 5', 'PASSWORD REQUIRE CURRENT']) {
      test(`with ${is} never loses AWSCURRENT to what an abandoned rotation has left`, async () => {
        const { app, secrets, secretId, begin, deliver, reattempt, rotate, password, accepts } =
          await withTheRight(is);
        await rotate();
        const RemoveFromVersionId = await begin();
        for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
        await secrets.updateSecretVersionStage({
          SecretId: secretId,
          VersionStage: 'AWSPENDING',
          RemoveFromVersionId,
        });
        await begin();
        await deliver('createSecret');
        const outcome = await deliver('setSecret').catch((error: unknown) => error);
        expect(await accepts(await password('AWSCURRENT'))).toBe(true);
        expect(outcome).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          hint: expect.stringContaining('nothing was changed'),
        });
        // An administrator does not have to know a password of before.
        await server.sql(`ALTER USER ${app} PASSWORD HISTORY 0 PASSWORD REQUIRE CURRENT OPTIONAL`);
        expect(await reattempt()).toMatchObject(SUCCEEDED);
      });
    }

    test('whose password a policy of the server refuses is told how to drop it', async () => {
      const { begin, deliver, accepts } = await withTheRight('', { password: { require: ['lower'] } });
      await server.sql("INSTALL COMPONENT 'file://component_validate_password'");
      await server.sql('SET GLOBAL validate_password.length = 99');
      await begin();
      await deliver('createSecret');
      const error = await rejection(deliver('setSecret'));
      await server.sql("UNINSTALL COMPONENT 'file://component_validate_password'");
      expect(error).toMatchObject({
        code: 'ERR_VALUE_REFUSED',
        hint: expect.stringContaining('--version-stage AWSPENDING'),
      });
      expect(await accepts(FIRST)).toBe(true);
    });

    test('keeps AWSCURRENT, although a policy that has become stricter refuses it now', async () => {
      const { begin, deliver, run, password, alive } = await withTheRight();
      await server.sql("INSTALL COMPONENT 'file://component_validate_password'");
      await server.sql(
        "SET GLOBAL validate_password.policy = 'LOW'; SET GLOBAL validate_password.length = 20",
      );
      await begin();
      await deliver('createSecret');
      for (let n = 0; n < 2; n++) await deliver('setSecret');
      await server.sql("UNINSTALL COMPONENT 'file://component_validate_password'");
      expect(await alive(FIRST, await password('AWSPENDING'))).toHaveLength(2);
      expect(await run()).toMatchObject(SUCCEEDED);
    });

    test('does not send it in the clear: createSecret refuses, and so does setSecret', async () => {
      const plain = { secret: { ...alone.secret, ssl: false } };
      const { begin, beginWith, deliver, secrets, text, accepts } = await mysqlRig(server, plain);
      const RemoveFromVersionId = await begin();
      const expected = { code: 'ERR_TLS_NOT_OFFERED', hint: expect.stringContaining('"ssl": false') };
      expect(await rejection(deliver('createSecret'))).toMatchObject(expected);
      await secrets.updateSecretVersionStage({
        SecretId: 'db',
        VersionStage: 'AWSPENDING',
        RemoveFromVersionId,
      });
      await beginWith(JSON.stringify({ ...JSON.parse(await text('AWSCURRENT')), password: OTHER }));
      expect(await rejection(deliver('setSecret'))).toMatchObject(expected);
      expect(await accepts(FIRST)).toBe(true);
      expect(await accepts(OTHER)).toBe(false);
    });

    test('a new password that could not be proved without TLS is not even made', async () => {
      const plain = { secret: { ssl: false }, administrator: { ssl: false } };
      const { app, begin, deliver, text, accepts } = await mysqlRig(server, plain);
      // The server has both in its cache, and so takes a proof of them.
      expect(await accepts(FIRST)).toBe(true);
      const before = await accountsIn(server, app);
      await begin();
      expect(await rejection(deliver('createSecret'))).toMatchObject({
        code: 'ERR_TLS_NOT_OFFERED',
        hint: expect.stringContaining('`serverPublicKey`'),
      });
      expect(await rejection(text('AWSPENDING'))).toBeDefined();
      expect(await accountsIn(server, app)).toBe(before);
    });

    test('with the server’s RSA key it can be proved without TLS, and only with that', async () => {
      const serverPublicKey = await publicKeyOf(server);
      const plain = { secret: { ssl: false }, administrator: { ssl: false } };
      const { rotate } = await mysqlRig(server, { ...plain, serverPublicKey: String(serverPublicKey) });
      for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
    });
  },
  (flavour) => flavour === 'mysql',
);

describeServers(
  'a user that sets its own password',
  (program, test) => {
    const plugins = [
      'mysql_native_password',
      'ed25519',
      ...(program.name === 'MariaDB 11' ? ['parsec'] : []),
    ] as const;
    let server: TestServer;
    beforeAll(async () => {
      const load = plugins.slice(1).map((plugin) => `--plugin-load-add=auth_${plugin}`);
      server = await startTestServer(program, { flags: load });
      await makeAdministrator(server);
    });
    afterAll(() => server.stop());

    for (const plugin of plugins) {
      test(`of ${plugin} sends a hash, and ends AWSCURRENT`, async () => {
        const hash = passwordHash(plugin as 'ed25519', FIRST);
        const made = `IDENTIFIED VIA ${plugin} USING '${hash}'`;
        const { app, rotate, password, alive } = await mysqlRig(server, { ...alone, made });
        for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
        const [current, previous] = [await password('AWSCURRENT'), await password('AWSPREVIOUS')];
        expect(await alive(FIRST, previous, current)).toEqual([current]);
        expect(await passwordsOf(server, app)).toBe(1);
      });

      test(`of ${plugin} has ${plugin === 'parsec' ? 'one password' : 'two passwords'} through an administrator`, async () => {
        const made = `IDENTIFIED VIA ${plugin} USING '${passwordHash(plugin as 'ed25519', FIRST)}'`;
        if (plugin === 'parsec') {
          // Over TLS the server lets nobody in by the second one.
          const refused = await mysqlRig(server, { made });
          await refused.begin();
          await refused.deliver('createSecret');
          expect(await rejection(refused.deliver('setSecret'))).toMatchObject({
            code: 'ERR_SERVICE_UNSUPPORTED',
            hint: expect.stringContaining('`keeps: 1`'),
          });
          expect(await refused.alive(FIRST)).toEqual([FIRST]);
          const single = await mysqlRig(server, { made, keeps: 1 });
          expect(await single.rotate()).toMatchObject(SUCCEEDED);
          return;
        }
        const { rotate, password, alive } = await mysqlRig(server, { made });
        for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
        const [current, previous] = [await password('AWSCURRENT'), await password('AWSPREVIOUS')];
        expect(await alive(FIRST, previous, current)).toEqual([previous, current]);
      });
    }

    test('is refused if it has two, since it could end only one, with the SQL for an administrator', async () => {
      const via = (password: string) => `mysql_native_password USING PASSWORD('${password}')`;
      const made = `IDENTIFIED VIA ${via(FIRST)} OR ${via(OTHER)}`;
      const { app, begin, deliver, password, alive } = await mysqlRig(server, { ...alone, made });
      await begin();
      await deliver('createSecret');
      const error = await rejection(deliver('setSecret'));
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_UNSUPPORTED',
        hint: expect.stringContaining(
          `ALTER USER \`${app}\`@\`%\` IDENTIFIED VIA mysql_native_password USING '<`,
        ),
      });
      for (const hash of [FIRST, OTHER].map((secret) => passwordHash('mysql_native_password', secret))) {
        expect(leaks(allOf(error), hash)).toBeUndefined();
      }
      expect(await alive(FIRST, OTHER, await password('AWSPENDING'))).toEqual([FIRST, OTHER]);
    });

    test('is told of a check of passwords that takes no hashes', async () => {
      await server.sql("INSTALL SONAME 'simple_password_check'");
      const { begin, deliver, accepts } = await mysqlRig(server, {
        ...alone,
        made: `IDENTIFIED BY '${FIRST}A'`,
        secret: { ...alone.secret, password: `${FIRST}A` },
      });
      await begin();
      await deliver('createSecret');
      const error = await rejection(deliver('setSecret'));
      await server.sql("UNINSTALL SONAME 'simple_password_check'");
      expect(error).toMatchObject({ hint: expect.stringContaining('strict_password_validation') });
      expect(await accepts(`${FIRST}A`)).toBe(true);
    });

    test('needs no TLS: a hash is sent, by an administrator, too', async () => {
      for (const masterarn of [null, 'admin']) {
        const plain = { secret: { masterarn, ssl: false }, administrator: { ssl: false } };
        const { rotate } = await mysqlRig(server, plain);
        expect(await rotate()).toMatchObject(SUCCEEDED);
      }
    });
  },
  (flavour) => flavour === 'mariadb',
);
