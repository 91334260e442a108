import { disturbed } from '../../../support/disturbed-server.js';
import { allOf, leaks, rejection } from '../../../support/errors.js';
import { publicKeyOf } from '../../../support/mysql-contract.js';
import {
  makePairsAdministrator,
  type PairRigOptions,
  pairRig,
  usersIn,
} from '../../../support/mysql-pair-rig.js';
import { describeServers } from '../../../support/mysql-programs.js';
import { ADMIN, FIRST } from '../../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../../support/timeouts.js';

mayTakeAsLongAs('servers');

const SUCCEEDED = { outcome: 'succeeded' };
const isMysql = (flavour: string) => flavour === 'mysql';

describeServers(
  'users that take turns',
  (_, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(_);
      await makePairsAdministrator(server);
      await server.sql(
        'CREATE DATABASE d1; CREATE DATABASE d2; CREATE TABLE d1.t (a int, b int); CREATE TABLE d2.t (a int, b int)',
      );
    });
    afterAll(() => server.stop());

    const rig = (options: PairRigOptions = {}) => pairRig(server, options);
    /** On a way that a test disturbs, by what is sent: so without TLS. */
    const plainRig = async (port: number, options: PairRigOptions = {}) => {
      const serverPublicKey = await publicKeyOf(server);
      return rig({
        ...options,
        port,
        secret: { ssl: false },
        administrator: { ssl: false },
        ...(serverPublicKey !== undefined && { serverPublicKey }),
      });
    };
    /** What SHOW GRANTS has of a user, without its name. */
    const grantsOf = async (user: string, using = '') => {
      const rows = await server.sql(`SHOW GRANTS FOR ${user}${using}`);
      return rows.map((row) => String(Object.values(row)[0]).replace(/ (?:TO|FROM) `[^`]*`@`%`/, ''));
    };

    test('take them, and the one that applications hold works for a whole interval', async () => {
      const { app, clone, rotate, version, accepts, warnings } = await rig({
        sql: 'GRANT SELECT ON d1.* TO app',
      });
      let old = { username: app, password: FIRST };
      for (const username of [clone, app, clone, app]) {
        expect(await rotate()).toMatchObject(SUCCEEDED);
        const now = await version('AWSCURRENT');
        expect(now.username).toBe(username);
        expect(await accepts(now.username, now.password)).toBe(true);
        expect(await accepts(old.username, old.password)).toBe(true);
        expect(await version('AWSPREVIOUS')).toMatchObject(old);
        old = now;
      }
      expect(await accepts(app, FIRST)).toBe(false);
      expect(warnings()).toEqual([]);
    });

    test('may do the same, with nothing copied, whatever the original is granted or loses', async () => {
      const { app, clone, rotate, asCurrent } = await rig({
        sql:
          'GRANT SELECT, INSERT ON d1.* TO app WITH GRANT OPTION; GRANT PROCESS, BACKUP_ADMIN ON *.* TO app; ' +
          'GRANT SELECT (a), UPDATE (b) ON d2.t TO app; CREATE ROLE reader; ' +
          'GRANT SELECT ON mysql.help_topic TO reader; GRANT reader TO app',
      });
      await rotate();
      expect(await grantsOf(clone)).toEqual(['GRANT USAGE ON *.*', `GRANT \`${app}\`@\`%\``]);
      const [all, ofClone] = [await grantsOf(app, ' USING reader'), await grantsOf(clone, ` USING ${app}`)];
      expect(ofClone.slice(0, -1)).toEqual(all.slice(0, -1));
      await asCurrent(
        'INSERT INTO d1.t VALUES (1, 2)',
        'SELECT a FROM d2.t',
        'SELECT COUNT(*) FROM mysql.help_topic',
      );
      await server.sql(`GRANT DELETE ON d1.* TO ${app}; REVOKE INSERT ON d1.* FROM ${app}`);
      await asCurrent('DELETE FROM d1.t');
      await expect(asCurrent('INSERT INTO d1.t VALUES (1, 2)')).rejects.toMatchObject({ errno: 1142 });
    });

    test('may do the same with privileges that are revoked in part, and with mandatory roles', async () => {
      await server.sql(
        "SET GLOBAL partial_revokes = ON; CREATE ROLE mandatory; GRANT SELECT ON sys.sys_config TO mandatory; SET GLOBAL mandatory_roles = 'mandatory'",
      );
      const { app, rotate, asCurrent } = await rig({
        sql: 'GRANT SELECT ON *.* TO app; REVOKE SELECT ON d2.* FROM app; ALTER USER app DEFAULT ROLE ALL',
      });
      for (let n = 0; n < 3; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
      await asCurrent('SELECT * FROM d1.t', 'SELECT * FROM sys.sys_config');
      await expect(asCurrent('SELECT * FROM d2.t')).rejects.toMatchObject({ errno: 1142 });
      await server.sql(
        `DROP USER ${app}, ${app}_clone; SET GLOBAL mandatory_roles = '', GLOBAL partial_revokes = OFF`,
      );
    });

    test('may log in under the same conditions and limits, from each turn of the clone on', async () => {
      const { app, clone, rotate } = await rig();
      const conditions = async (user: string) => {
        const [row] = await server.sql(`SHOW CREATE USER ${user}`);
        return String(Object.values(row ?? {})[0])
          .replace(/^.* REQUIRE/s, 'REQUIRE')
          .replace(/ WITH (?:MAX_\w+ \d+ ?)+/, (limits) => limits.replaceAll(/MAX_\w+ 0 ?/g, ''))
          .replace(' WITH PASSWORD', ' PASSWORD');
      };
      for (const sql of [
        'REQUIRE SSL WITH MAX_QUERIES_PER_HOUR 900 MAX_UPDATES_PER_HOUR 800 MAX_CONNECTIONS_PER_HOUR 700 MAX_USER_CONNECTIONS 60 ' +
          'PASSWORD EXPIRE INTERVAL 90 DAY PASSWORD HISTORY 5 PASSWORD REUSE INTERVAL 3 DAY PASSWORD REQUIRE CURRENT ' +
          'FAILED_LOGIN_ATTEMPTS 4 PASSWORD_LOCK_TIME UNBOUNDED',
        'PASSWORD EXPIRE NEVER PASSWORD REQUIRE CURRENT OPTIONAL FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME 2',
        'REQUIRE NONE WITH MAX_QUERIES_PER_HOUR 0 MAX_UPDATES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 0 MAX_USER_CONNECTIONS 0 ' +
          'PASSWORD EXPIRE DEFAULT PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT ' +
          'FAILED_LOGIN_ATTEMPTS 0 PASSWORD_LOCK_TIME 0',
      ]) {
        await server.sql(`ALTER USER ${app} ${sql}`);
        expect(await rotate()).toMatchObject(SUCCEEDED);
        expect(await conditions(clone)).toBe(await conditions(app));
        expect(await rotate()).toMatchObject(SUCCEEDED);
      }
    });

    test('may both be asked for a certificate of the same names, however they are quoted', async () => {
      const { app, clone, rotate } = await rig();
      await rotate();
      await rotate();
      // Nobody is let in by it: the tests have no such certificate. What AWSCURRENT has is looked at before.
      const { clausesOf } = await import('../../../../rotators/mysql/alternating-users/clauses.js');
      const { inSession } = await import('../../../support/mysql-login.js');
      await server.sql(
        `ALTER USER ${app} REQUIRE SUBJECT '/CN=a''b\\\\c' AND ISSUER '/C=x ISSUER y' AND CIPHER 'AES'`,
      );
      const [original, other] = [
        { user: app, host: '%' },
        { user: clone, host: '%' },
      ];
      const place = { engine: 'mysql', host: 'localhost', port: server.port };
      const target = { ...place, username: 'admin', password: ADMIN, ssl: true };
      const clauses = await inSession(server, ['admin', ADMIN], (session) =>
        clausesOf(original, other, { ...session, target }),
      );
      await server.sql(`ALTER USER ${clone} ${clauses}`);
      const columns = 'ssl_type, HEX(ssl_cipher) AS c, HEX(x509_issuer) AS i, HEX(x509_subject) AS s';
      const required = (user: string) =>
        server.sql(`SELECT ${columns} FROM mysql.user WHERE User = '${user}'`);
      expect(await required(clone)).toEqual(await required(app));
    });

    test('have one password each: a second one, of mysql(), ends at the next turn', async () => {
      const { app, clone, rotate, accepts } = await rig();
      await rotate();
      await server.sql(`ALTER USER ${app} IDENTIFIED BY 'another-8Kx2-7bqw' RETAIN CURRENT PASSWORD`);
      await rotate();
      for (const password of [FIRST, 'another-8Kx2-7bqw']) expect(await accepts(app, password)).toBe(false);
      await server.sql(`ALTER USER ${clone} IDENTIFIED BY 'another-8Kx2-7bqw' RETAIN CURRENT PASSWORD`);
      await rotate();
      expect(await accepts(clone, 'another-8Kx2-7bqw')).toBe(false);
    });

    test('take turns if their names are odd, or are given', async () => {
      const odd = `it's a \`Röle\`; -- x`;
      for (const options of [{ app: odd }, { app: 'blue', pairs: { blue: 'green' } }]) {
        const { app, clone, rotate, asCurrent } = await rig({
          ...options,
          sql: 'GRANT SELECT ON d1.* TO app',
        });
        for (const username of [clone, app, clone]) {
          expect(await rotate()).toMatchObject(SUCCEEDED);
          expect(await asCurrent('SELECT USER()')).toEqual([`${username}@localhost`]);
          await asCurrent('SELECT * FROM d1.t');
        }
      }
    });

    test('are one original and one clone after five attempts at once', async () => {
      const { app, begin, deliver, run } = await rig();
      await begin();
      await deliver('createSecret');
      await Promise.all(Array.from({ length: 5 }, () => deliver('setSecret')));
      expect(await run()).toMatchObject(SUCCEEDED);
      expect(await server.sql(`SELECT User FROM mysql.user WHERE User LIKE '${app}%'`)).toHaveLength(2);
    });

    test('go on in open sessions', async () => {
      const { app, clone, rotate, version } = await rig({ sql: 'GRANT SELECT ON d1.* TO app' });
      const { logIn } = await import('../../../support/mysql-login.js');
      const open = [];
      for (const user of [app, clone, app]) {
        open.push(await logIn(server, user, (await version('AWSCURRENT')).password));
        await rotate();
      }
      for (const session of open) {
        if (typeof session !== 'object' || !('query' in session)) throw new Error('not logged in');
        await session.query('SELECT * FROM d1.t');
        await session.end();
      }
    });

    test('are made again, if the clone was dropped', async () => {
      const { clone, rotate, asCurrent } = await rig({ sql: 'GRANT SELECT ON d1.* TO app' });
      await rotate();
      await rotate();
      await server.sql(`DROP USER ${clone}`);
      expect(await rotate()).toMatchObject(SUCCEEDED);
      await asCurrent('SELECT * FROM d1.t');
    });

    test('are what they should be, after an attempt that ended between the two statements for a clone', async () => {
      const { app, clone, rotate, asCurrent } = await rig({ sql: 'GRANT SELECT ON d1.* TO app' });
      await server.sql(`CREATE USER ${clone} IDENTIFIED BY 'x' DEFAULT ROLE ${app}`);
      expect(await rotate()).toMatchObject(SUCCEEDED);
      await asCurrent('SELECT * FROM d1.t');
    });

    test('are not touched by a statement that is held back, while two rotations go by', async () => {
      const line = await disturbed(server.port);
      const { begin, deliver, rotation, rotate, version, accepts } = await plainRig(line.port);
      await rotate();
      await begin();
      await deliver('createSecret');
      const held = line.holdBack((message) => message.includes('ALTER USER'));
      const late = deliver('setSecret').catch((error: unknown) => error);
      await held.reached;
      expect(await rotation().reattempt()).toMatchObject(SUCCEEDED);
      for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
      held.letGo();
      await late;
      for (const label of ['AWSPREVIOUS', 'AWSCURRENT']) {
        const { username, password } = await version(label);
        expect(await accepts(username, password)).toBe(true);
      }
      await line.close();
    });

    test('are not made ready on a server whose role gives less: the password stays, AWSCURRENT works', async () => {
      // No server at hand does so: what it says of the clone is rewritten.
      const say = (answer: Buffer) =>
        Buffer.from(
          answer.toString('latin1').replace(/GRANT SELECT (?=ON `d1`.\* TO `\w+_clone`)/, 'GRANT INSERT '),
          'latin1',
        );
      const line = await disturbed(server.port, say);
      const sql = `GRANT SELECT ON d1.* TO app; CREATE USER app_clone IDENTIFIED BY '${FIRST}'; GRANT app TO app_clone`;
      const { app, clone, begin, deliver, accepts } = await plainRig(line.port, { sql });
      await begin();
      await deliver('createSecret');
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        message: expect.stringContaining('SELECT on `d1`.*'),
      });
      await line.close();
      for (const user of [app, clone]) expect(await accepts(user, FIRST)).toBe(true);
    });

    test('warn of code that asks which of them it is, and of what the clone has defined', async () => {
      const { clone, rotate, asCurrent, warnings } = await rig({
        sql: 'GRANT ALL ON d1.* TO app; CREATE DEFINER = app VIEW d1.seen AS SELECT a FROM d1.t WHERE USER() LIKE "x%"; CREATE TABLE d1.user (a int); CREATE DEFINER = app PROCEDURE d1.writes() INSERT INTO d1.user (a) VALUES (1)',
      });
      await rotate();
      expect(warnings()).toEqual([
        expect.stringMatching(/USER\(\).*view d1\.seen\. Make them accept both names$/),
      ]);
      await asCurrent(
        'CREATE VIEW d1.by_clone AS SELECT a FROM d1.t',
        'CREATE PROCEDURE d1.own() SQL SECURITY INVOKER SELECT CURRENT_USER()',
      );
      await rotate();
      expect(await asCurrent('SELECT * FROM d1.by_clone')).toEqual([]);
      const before = warnings().length;
      await rotate();
      const [asking, own, ...others] = warnings().slice(before);
      expect(asking).toContain('procedure d1.own, view d1.seen');
      expect(own).toMatch(new RegExp(`^"${clone}" is the definer .*: procedure d1.own, view d1.by_clone\\.`));
      expect(others).toEqual([]);
      await server.sql(
        `DROP VIEW d1.by_clone; DROP VIEW d1.seen; DROP PROCEDURE d1.own; DROP PROCEDURE d1.writes; DROP TABLE d1.user`,
      );
    });

    describe('made by AWS’s function', () => {
      /** A clone as that function makes it: rights that are copied. */
      const COPIED = `GRANT SELECT, INSERT ON d1.* TO app; CREATE USER app_clone IDENTIFIED BY '${FIRST}'; GRANT SELECT, INSERT ON d1.* TO app_clone`;

      test('are taken over at the clone’s turn, with a warning', async () => {
        const { app, clone, rotate, asCurrent, warnings, accepts } = await rig({ sql: COPIED });
        expect(await rotate()).toMatchObject(SUCCEEDED);
        expect(warnings()).toEqual([
          expect.stringContaining(`"${clone}" has rights in addition to the role "${app}"`),
        ]);
        expect(await asCurrent('SELECT CURRENT_ROLE()')).toEqual([`\`${app}\`@\`%\``]);
        expect(await accepts(clone, FIRST)).toBe(false);
        // As the warning says.
        const [, revoke = ''] = /(REVOKE ALL .*)$/.exec(warnings()[0] ?? '') ?? [];
        await server.sql(revoke);
        await asCurrent('INSERT INTO d1.t VALUES (1, 2)');
        const before = warnings().length;
        for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
        expect(warnings().slice(before)).toEqual([]);
      });

      test('are taken over in the original’s turn: the clone, which is in use, is not touched', async () => {
        const { app, clone, rotate, version, accepts, warnings } = await rig({
          sql: COPIED,
          current: 'clone',
        });
        expect(await rotate()).toMatchObject(SUCCEEDED);
        expect((await version('AWSCURRENT')).username).toBe(app);
        expect(await accepts(clone, FIRST)).toBe(true);
        expect(await grantsOf(clone)).toHaveLength(2);
        expect(warnings()).toEqual([]);
      });

      test('are taken over, if the original may log in from one host alone, and the clone from any', async () => {
        const { app, clone, rotate, asCurrent, warnings } = await rig({
          granted: 'DO 0',
          sql: `RENAME USER app TO app@localhost; GRANT app@localhost TO admin WITH ADMIN OPTION; ${COPIED.replaceAll('TO app;', 'TO app@localhost;')}`,
        });
        for (const username of [clone, app, clone]) {
          expect(await rotate()).toMatchObject(SUCCEEDED);
          expect(await asCurrent('SELECT USER()')).toEqual([`${username}@localhost`]);
          await asCurrent('SELECT * FROM d1.t');
        }
        expect(warnings()).toContainEqual(expect.stringContaining('may log in from anywhere'));
      });

      test('are tested alone, with RotateImmediately=false', async () => {
        const { begin, run, warnings } = await rig({ sql: COPIED, current: 'clone' });
        await begin({ RotateImmediately: false });
        expect(await run()).toMatchObject(SUCCEEDED);
        expect(warnings()).toEqual([expect.stringContaining('have direct rights, but not the role')]);
      });
    });

    test('are not proved where init_connect takes the role away, and the hint names that', async () => {
      const { begin, deliver } = await rig({ sql: 'GRANT SELECT ON d1.* TO app' });
      await begin();
      for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
      await server.sql("SET GLOBAL init_connect = 'SET ROLE NONE'");
      const error = await rejection(deliver('testSecret')).finally(() =>
        server.sql("SET GLOBAL init_connect = ''"),
      );
      expect(error).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        hint: expect.stringContaining('init_connect'),
      });
      await deliver('testSecret');
    });

    test('are not proved by a clone whose role was revoked, although its login succeeds', async () => {
      const { app, clone, begin, deliver } = await rig();
      await begin();
      for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
      await server.sql(`REVOKE ${app} FROM ${clone}`);
      const error = await rejection(deliver('testSecret'));
      expect(error).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
      await server.sql((error as { hint: string }).hint);
      await deliver('testSecret');
    });

    describe('nothing is changed', () => {
      /** What setSecret throws. */
      async function refusal(
        rigged: Awaited<ReturnType<typeof rig>>,
        username = rigged.app,
      ): Promise<{ hint: string }> {
        await rigged.begin();
        await rigged.deliver('createSecret');
        const before = await usersIn(server);
        const error = await rejection(rigged.deliver('setSecret'));
        expect(await usersIn(server)).toEqual(before);
        expect(await rigged.accepts(username, FIRST)).toBe(true);
        for (const secret of [FIRST, ADMIN, (await rigged.version('AWSPENDING')).password]) {
          expect(leaks(allOf(error), secret)).toBeUndefined();
        }
        return error as { hint: string };
      }
      /** What a hint says to run: from the first statement on, without what comes after. */
      const sqlIn = (hint: string) =>
        /(?:CREATE USER|GRANT|REVOKE) .*?(?=\. (?:Otherwise|Or)\b|$)/.exec(hint)?.[0] ?? '';

      for (const [title, sql, code, text] of [
        [
          'the clone’s name is somebody else’s, with rights of its own',
          `CREATE USER app_clone IDENTIFIED BY '${FIRST}'; GRANT SELECT ON d1.* TO app_clone`,
          'ERR_PENDING_MISMATCH',
          'SELECT on `d1`.*',
        ],
        [
          'the clone may do more in one column',
          `GRANT SELECT (a) ON d1.t TO app; CREATE USER app_clone; GRANT SELECT (a, b) ON d1.t TO app_clone`,
          'ERR_PENDING_MISMATCH',
          'SELECT (`b`) on `d1`.`t`',
        ],
        [
          'the clone may give a right away',
          `GRANT SELECT ON d1.* TO app; CREATE USER app_clone; GRANT SELECT ON d1.* TO app_clone WITH GRANT OPTION`,
          'ERR_PENDING_MISMATCH',
          'GRANT OPTION on `d1`.*',
        ],
        [
          'the clone’s rights are to more databases, of a pattern that looks like one of the original’s',
          `GRANT SELECT ON \`d_\`.* TO app; CREATE USER app_clone; GRANT SELECT ON \`d%\`.* TO app_clone`,
          'ERR_PENDING_MISMATCH',
          'SELECT on `d%`.*',
        ],
        [
          'the clone has the role, and rights over the server',
          `CREATE USER app_clone; GRANT app TO app_clone; GRANT PROCESS ON *.* TO app_clone`,
          'ERR_PENDING_MISMATCH',
          'PROCESS on *.*',
        ],
        [
          'the clone has the role, and rights over the accounts',
          `CREATE USER app_clone; GRANT app TO app_clone; GRANT UPDATE ON mysql.user TO app_clone`,
          'ERR_PENDING_MISMATCH',
          'UPDATE on `mysql`.`user`',
        ],
        [
          'the clone’s name is of somebody without rights',
          `GRANT SELECT ON d1.* TO app; CREATE USER app_clone`,
          'ERR_PENDING_MISMATCH',
          'has no rights',
        ],
        [
          'the clone is a role of the original’s',
          `CREATE USER app_clone; GRANT app_clone TO app`,
          'ERR_PENDING_MISMATCH',
          'as a role',
        ],
      ] as const) {
        test(`if ${title}: the hint has what would make them a pair`, async () => {
          const rigged = await rig({ sql });
          const error = await refusal(rigged);
          expect(error).toMatchObject({ code, message: expect.stringContaining(text) });
          await server.sql(sqlIn(error.hint));
          if (!title.includes('a role of'))
            expect(await rigged.rotation().reattempt()).toMatchObject(SUCCEEDED);
        });
      }

      test('if the clone can log in in another way', async () => {
        const rigged = await rig({
          sql: "GRANT SELECT ON d1.* TO app; CREATE USER app_clone IDENTIFIED WITH sha256_password BY 'x'; GRANT app TO app_clone",
        });
        // The role that it has stays, as everything else.
        await server.sql(`SET DEFAULT ROLE ${rigged.app} TO ${rigged.clone}`);
        expect(await refusal(rigged)).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          message: expect.stringContaining('sha256_password'),
        });
      });

      test('if the original’s name is somebody else’s', async () => {
        const rigged = await rig({
          current: 'clone',
          sql: `GRANT SELECT ON d2.* TO app; CREATE USER app_clone IDENTIFIED BY '${FIRST}'; GRANT INSERT ON d2.* TO app_clone`,
        });
        expect(await refusal(rigged, rigged.clone)).toMatchObject({
          code: 'ERR_PENDING_MISMATCH',
          message: expect.stringContaining('SELECT on `d2`.*'),
        });
      });

      test('if the original has gone', async () => {
        const rigged = await rig({ current: 'clone', sql: `CREATE USER app_clone IDENTIFIED BY '${FIRST}'` });
        await server.sql(`DROP USER ${rigged.app}`);
        expect(await refusal(rigged, rigged.clone)).toMatchObject({ code: 'ERR_USER_MISSING' });
      });

      test('if the clone may call what it has made, and the original may not: applications would be refused', async () => {
        const rigged = await rig({ sql: 'GRANT SELECT, CREATE ROUTINE ON d1.* TO app' });
        await rigged.rotate();
        await rigged.asCurrent('CREATE PROCEDURE d1.made() SELECT 1');
        await rigged.begin();
        await rigged.deliver('createSecret');
        const before = await usersIn(server);
        const error = (await rejection(rigged.deliver('setSecret'))) as { hint: string };
        expect(await usersIn(server)).toEqual(before);
        expect(error).toMatchObject({
          code: 'ERR_RIGHTS_MISSING',
          message: expect.stringContaining('EXECUTE on PROCEDURE `d1`.`made`'),
        });
        await server.sql(sqlIn(error.hint));
        expect(await rigged.reattempt()).toMatchObject(SUCCEEDED);
        await rigged.asCurrent('DROP PROCEDURE d1.made');
      });

      test('but not if the original may call it by a right to databases of that pattern, or by a role', async () => {
        await server.sql('CREATE DATABASE shop_1; CREATE ROLE caller; GRANT ALL ON `shop\\_%`.* TO caller');
        for (const sql of [
          'GRANT ALL ON `shop\\_%`.* TO app',
          'GRANT caller TO app; SET DEFAULT ROLE caller TO app',
        ]) {
          const { named, rotate, asCurrent } = await rig({ sql: 'GRANT CREATE ROUTINE ON shop_1.* TO app' });
          await rotate();
          await asCurrent('CREATE PROCEDURE shop_1.made() SELECT 1');
          await server.sql(named(sql));
          expect(await rotate()).toMatchObject(SUCCEEDED);
          await asCurrent('DROP PROCEDURE shop_1.made');
        }
      });

      test('if the original has SYSTEM_USER, which would not protect the clone', async () => {
        const rigged = await rig({
          sql: 'GRANT SYSTEM_USER ON *.* TO app; GRANT SYSTEM_USER ON *.* TO admin',
        });
        const error = await refusal(rigged);
        await server.sql('REVOKE SYSTEM_USER ON *.* FROM admin');
        expect(error).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          message: expect.stringContaining('SYSTEM_USER'),
        });
      });

      test('if the original may act as another, which a role does not give: the hint has the GRANT', async () => {
        const rigged = await rig({ sql: 'GRANT PROXY ON admin TO app' });
        const error = await refusal(rigged);
        expect(error).toMatchObject({
          code: 'ERR_RIGHTS_MISSING',
          message: expect.stringContaining('PROXY on'),
        });
        await server.sql(sqlIn(error.hint));
        expect(await rigged.rotation().reattempt()).toMatchObject(SUCCEEDED);
      });

      test('if one of them has several accounts, or only from another host', async () => {
        const [first, second, third] = [await rig(), await rig(), await rig()];
        await server.sql(
          `CREATE USER ${first.app}@'10.%'; CREATE USER ${second.clone}@'%', ${second.clone}@'10.%'; CREATE USER ${third.clone}@'10.%'`,
        );
        for (const [rigged, code] of [
          [first, 'ERR_SERVICE_UNSUPPORTED'],
          [second, 'ERR_SERVICE_UNSUPPORTED'],
          [third, 'ERR_PENDING_MISMATCH'],
        ] as const) {
          expect(await refusal(rigged)).toMatchObject({ code, message: expect.stringContaining('10.%') });
        }
      });

      for (const [right, sql, back] of [
        ['look at accounts', 'REVOKE SELECT ON mysql.* FROM admin', 'GRANT SELECT ON mysql.* TO `admin`@`%`'],
        ['create users', 'REVOKE CREATE USER ON *.* FROM admin', 'GRANT CREATE USER ON *.* TO `admin`@`%`'],
        [
          'give the original away',
          'REVOKE app FROM admin',
          /GRANT `app_\d+`@`%` TO `admin`@`%` WITH ADMIN OPTION/,
        ],
      ] as const) {
        test(`if the administrator may not ${right}: the hint has the GRANT`, async () => {
          const rigged = await rig({ sql });
          const error = await refusal(rigged).finally(() =>
            server.sql('GRANT SELECT ON mysql.* TO admin; GRANT CREATE USER ON *.* TO admin'),
          );
          expect(error).toMatchObject({
            code: 'ERR_RIGHTS_MISSING',
            hint: typeof back === 'string' ? expect.stringContaining(back) : expect.stringMatching(back),
          });
          await server.sql(sqlIn(error.hint));
          expect(await rigged.rotation().reattempt()).toMatchObject(SUCCEEDED);
        });
      }

      test('if AWSCURRENT cannot log in, or AWSPENDING is for anybody but the alternate', async () => {
        const wrong = await rig({ secret: { password: 'wr0ng-9Kx2-7bqw' } });
        expect(await refusal(wrong)).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
        const rigged = await rig();
        const current = await rigged.version('AWSCURRENT');
        await rigged.beginWith(
          JSON.stringify({ ...current, username: wrong.app, password: 'ch0sen-9Kx2-7bqw' }),
        );
        const before = await usersIn(server);
        expect(await rejection(rigged.deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISMATCH' });
        expect(await usersIn(server)).toEqual(before);
      });

      test('if the clone’s name would be longer than 32 characters: it is said before a value is stored', async () => {
        const { begin, deliver } = await rig({ app: 'a'.repeat(27) });
        await begin();
        expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
        expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISSING' });
      });
    });
  },
  isMysql,
);

describeServers(
  'users do not take turns',
  (program, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(program);
      await makePairsAdministrator(server);
    });
    afterAll(() => server.stop());
    const users = () => server.sql('SELECT * FROM mysql.global_priv ORDER BY Host, User');

    test('which the test of the current value says, before anything is stored', async () => {
      const { begin, run } = await pairRig(server);
      await begin({ RotateImmediately: false });
      const { outcome, steps } = await run();
      expect(outcome).toBe('failed');
      expect(steps.at(-1)?.error).toMatchObject({
        code: 'ERR_SERVICE_UNSUPPORTED',
        hint: expect.stringContaining('mysql()'),
      });
    });

    test('which createSecret says, if the secret says that it is MariaDB', async () => {
      const { begin, deliver } = await pairRig(server, { secret: { engine: 'mariadb' } });
      await begin();
      expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SERVICE_UNSUPPORTED' });
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISSING' });
    });

    test('which setSecret says otherwise, and how to go on with mysql(); nothing is changed', async () => {
      const { app, secretId, begin, deliver, accepts } = await pairRig(server);
      const token = await begin();
      await deliver('createSecret');
      const before = await users();
      const error = await rejection(deliver('setSecret'));
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_UNSUPPORTED',
        hint: expect.stringContaining(
          `update-secret-version-stage --secret-id ${secretId} --version-stage AWSPENDING --remove-from-version-id ${token}`,
        ),
      });
      expect(await users()).toEqual(before);
      expect(await accepts(app, FIRST)).toBe(true);
    });
  },
  (flavour) => !isMysql(flavour),
);
