import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { passwordHash } from '../../../rotators/mysql/hashes.js';
import { hexLiteral } from '../../../rotators/mysql/sql.js';
import { leaks, rejection } from '../../support/errors.js';
import { pairRig } from '../../support/mysql-pair-rig.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, type MysqlRigOptions, mysqlRig } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const SUCCEEDED = { outcome: 'succeeded' };

describeServers('what the server writes and shows', (program, test) => {
  const isMysql = program.flavour === 'mysql';
  const by = (password: string) =>
    isMysql
      ? `IDENTIFIED WITH caching_sha2_password AS ${hexLiteral(passwordHash('caching_sha2_password', password))}`
      : `IDENTIFIED VIA mysql_native_password USING '${passwordHash('mysql_native_password', password)}'`;

  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program, {
      logs: true,
      flags: isMysql ? [] : ['--plugin-load-add=server_audit', '--server-audit-logging=ON'],
    });
    await server.sql(`CREATE USER admin ${by(ADMIN)}; GRANT CREATE USER ON *.* TO admin`);
    if (!isMysql) await server.sql('GRANT SELECT (User, Host) ON mysql.user TO admin');
  });
  afterAll(() => server.stop());

  /** All logs there are, and what performance_schema keeps of statements. */
  async function written(): Promise<ReadonlyMap<string, string>> {
    await server.sql('FLUSH LOGS');
    const texts = new Map<string, string>();
    for (const kind of ['error', 'general', 'slow', 'binary'] as const)
      texts.set(kind, await server.log(kind));
    if (!isMysql) texts.set('audit', await readFile(join(server.directory, 'server_audit.log'), 'latin1'));
    for (const table of [
      'events_statements_current',
      'events_statements_history',
      'events_statements_history_long',
      'events_statements_summary_by_digest',
      'threads',
    ]) {
      texts.set(table, JSON.stringify(await server.sql(`SELECT * FROM performance_schema.${table}`)));
    }
    return texts;
  }

  /** Looks at the running statements again and again, as whoever may see all of them. */
  function watchStatements() {
    let isOver = false;
    const seen = new Set<string>();
    const watching = (async () => {
      const root = await createConnection({ socketPath: server.socketPath, user: 'root' });
      while (!isOver) {
        const [rows] = await root.query('SHOW FULL PROCESSLIST');
        for (const { Info } of rows as { Info: string | null }[]) seen.add(String(Info));
      }
      root.destroy();
    })();
    return {
      async end(): Promise<string> {
        isOver = true;
        await watching;
        return [...seen].join('\n');
      },
    };
  }

  const waiting = isMysql
    ? ['LOCK INSTANCE FOR BACKUP', 'UNLOCK INSTANCE']
    : ['FLUSH TABLES WITH READ LOCK', 'UNLOCK TABLES'];

  test('would hold one that is sent in a statement that nobody masks', async () => {
    const planted = 'plnt-6Rw3-9gzk';
    await server.sql(
      `SET @planted = '${planted}'; CREATE USER seen IDENTIFIED BY '${planted}'; DO '${planted}'`,
    );
    const texts = await written();
    const holding = [...texts].filter(([, text]) => leaks(text, planted)).map(([name]) => name);
    expect(holding).toEqual(
      expect.arrayContaining([
        'general',
        'slow',
        'events_statements_history_long',
        ...(isMysql ? [] : ['binary', 'audit']),
      ]),
    );
  });

  const strategies: readonly (readonly [string, MysqlRigOptions, right?: string])[] = [
    ['an administrator', {}],
    ['an administrator, one password', { keeps: 1 }],
    ['the user itself', { secret: { masterarn: null } }],
    ...(isMysql
      ? ([
          [
            'the user itself, two passwords',
            { secret: { masterarn: null } },
            'APPLICATION_PASSWORD_ADMIN ON *.*',
          ],
        ] as const)
      : []),
  ];
  for (const [who, options, right] of strategies) {
    test(`holds no password, old, new or the administrator’s, if it is set by ${who}`, async () => {
      const before = await written();
      const rigged = await mysqlRig(server, { timeoutMs: 2000, made: by(FIRST), ...options });
      const { app, begin, deliver, reattempt, rotate, password } = rigged;
      if (right !== undefined) await server.sql(`GRANT ${right} TO ${app}`);
      await begin();
      await deliver('createSecret');
      // It fails while it waits, so that it can be looked at; then for a right, or for a policy.
      const watch = watchStatements();
      await server.sql(String(waiting[0]));
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
      await server.sql(String(waiting[1]));
      const shown = await watch.end();
      if (options.secret === undefined) {
        await server.sql('REVOKE CREATE USER ON *.* FROM admin');
        expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
        await server.sql('GRANT CREATE USER ON *.* TO admin');
      } else if (isMysql) {
        await server.sql("INSTALL COMPONENT 'file://component_validate_password'");
        await server.sql('SET GLOBAL validate_password.length = 99');
        expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_VALUE_REFUSED' });
        await server.sql("UNINSTALL COMPONENT 'file://component_validate_password'");
      }
      expect(await reattempt()).toMatchObject(SUCCEEDED);
      expect(await rotate()).toMatchObject(SUCCEEDED);

      const after = await written();
      const passwords = [FIRST, ADMIN, await password('AWSPREVIOUS'), await password('AWSCURRENT')];
      for (const [name, text] of after) {
        const own = text.slice(text.startsWith(before.get(name) ?? '') ? before.get(name)?.length : 0);
        for (const secret of passwords) expect([name, leaks(own, secret)]).toEqual([name, undefined]);
      }
      // The statements that change the password are among those in the logs.
      const statement = options.secret === undefined || isMysql ? /ALTER USER/ : /SET PASSWORD/;
      for (const log of ['general', 'slow', 'binary']) expect(after.get(log)).toMatch(statement);
      expect(shown).toMatch(statement);
      for (const secret of passwords) expect(leaks(shown, secret)).toBeUndefined();
    });
  }

  if (isMysql) {
    test('holds no password that an administrator sets for two users in turn, nor one that it fails to', async () => {
      const rigged = await pairRig(server, {
        timeoutMs: 2000,
        sql: `ALTER USER app ${by(FIRST)}; GRANT SELECT ON mysql.* TO admin; REVOKE CREATE USER ON *.* FROM admin`,
      });
      const { begin, deliver, reattempt, rotate, password } = rigged;
      // The way to make the user is a test's own, and is in the logs.
      const before = await written();
      await begin();
      await deliver('createSecret');
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
      await server.sql('GRANT CREATE USER ON *.* TO admin');
      expect(await reattempt()).toMatchObject(SUCCEEDED);
      const passwords = [ADMIN, await password('AWSCURRENT')];
      for (let n = 0; n < 2; n++) {
        expect(await rotate()).toMatchObject(SUCCEEDED);
        passwords.push(await password('AWSCURRENT'));
      }
      const after = await written();
      for (const [name, text] of after) {
        const own = text.slice(text.startsWith(before.get(name) ?? '') ? before.get(name)?.length : 0);
        for (const secret of passwords) expect([name, leaks(own, secret)]).toEqual([name, undefined]);
      }
      for (const log of ['general', 'slow', 'binary']) expect(after.get(log)).toMatch(/CREATE USER .*_clone/);
    });
  }
});
