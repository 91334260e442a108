import { Client } from 'pg';
import { alternatingUsers } from '../../../../rotators/postgres/index.js';
import type { Step } from '../../../../src/index.js';
import { allOf, leaks, rejection } from '../../../support/errors.js';
import { FaultyClient } from '../../../support/faulty-client.js';
import { startTestServer, type TestServer } from '../../../support/postgres.js';
import { postgresRig } from '../../../support/postgres-rig.js';
import { isThorough } from '../../../support/thorough.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describe.each(isThorough ? [18, 15] : [18])('on PostgreSQL %i', (major) => {
  /** To change a role and to grant it, but not to act as it. */
  const LEAST = major === 15 ? 'ADMIN OPTION' : 'ADMIN TRUE, INHERIT FALSE, SET FALSE';

  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer({
      ...(major === 15 && { major }),
      hba: `host all old_style_${major} 127.0.0.1/32 md5\nhost all old_style_${major}_clone 127.0.0.1/32 md5`,
      settings: { log_connections: major === 15 ? 'on' : 'all' },
    });
    // Least rights: no superuser.
    await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  });

  afterAll(() => server.stop());

  /** A user that the administrator may administer, as one that it has made itself. */
  async function role(attributes = '', name = `app_${++count}`): Promise<string> {
    const quoted = `"${name.replaceAll('"', '""')}"`;
    await server.sql(`CREATE ROLE ${quoted} LOGIN PASSWORD '${FIRST}' ${attributes}`);
    await server.sql(`GRANT ${quoted} TO admin WITH ${LEAST}`);
    return name;
  }

  function rig(app: string, more: object = {}, options: Parameters<typeof postgresRig>[1] = {}) {
    return postgresRig(server.secret(app, FIRST, { masterarn: 'admin', ...more }), {
      administrator: server.secret('admin', ADMIN),
      pairs: {},
      ...options,
    });
  }

  type Rig = Awaited<ReturnType<typeof rig>>;

  async function rotate({ begin, rotation }: Rig): Promise<void> {
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  }

  /** What setSecret throws; it has changed nothing. */
  async function refusal({ begin, deliver, password }: Rig, app: string): Promise<unknown> {
    await begin();
    await deliver('createSecret');
    const before = await snapshot();
    const error = await rejection(deliver('setSecret'));
    expect(await snapshot()).toEqual(before);
    expect(await server.accepts(app, FIRST)).toBe(true);
    for (const secret of [FIRST, ADMIN, await password('AWSPENDING')]) {
      expect(leaks(allOf(error), secret)).toBeUndefined();
    }
    return error;
  }

  async function snapshot(): Promise<unknown> {
    return {
      roles: await server.sql('SELECT * FROM pg_authid ORDER BY oid'),
      members: await server.sql('SELECT roleid, member FROM pg_auth_members ORDER BY 1, 2'),
      settings: await server.sql('SELECT * FROM pg_db_role_setting ORDER BY 1, 2'),
    };
  }

  async function logIn(user: string, password: string, database = 'postgres'): Promise<Client> {
    const { host, port } = server;
    const client = new Client({ host, port, user, password, database, ssl: false });
    await client.connect();
    return client;
  }

  /** As whom the sessions of a user act. */
  async function actsAs(user: string, password: string, database?: string): Promise<string> {
    const client = await logIn(user, password, database);
    const { rows } = await client.query('SELECT current_user AS me').finally(() => client.end());
    return rows[0].me;
  }

  test('two users take turns, and the one that applications hold works for a whole interval', async () => {
    const app = await role();
    const rigged = await rig(app);
    let old = { username: app, password: FIRST };
    for (let n = 0; n < 4; n++) {
      await rotate(rigged);
      const now = JSON.parse(await rigged.text('AWSCURRENT'));
      expect(now.username).toBe(n % 2 === 0 ? `${app}_clone` : app);
      expect(await server.accepts(now.username, now.password)).toBe(true);
      expect(await server.accepts(old.username, old.password)).toBe(true);
      expect(JSON.parse(await rigged.text('AWSPREVIOUS'))).toMatchObject(old);
      old = now;
    }
    expect(await server.accepts(app, FIRST)).toBe(false);
  });

  test('a rotation makes 13 calls to Secrets Manager, 2 of them writes, and 3 logins', async () => {
    const app = await role();
    let client: FaultyClient | undefined;
    const { begin, rotation } = await rig(
      app,
      {},
      {
        client(secrets) {
          client = new FaultyClient(secrets);
          return client;
        },
      },
    );
    await begin();
    const logged = server.log().length;
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(client?.calls).toHaveLength(13);
    expect(client?.writes()).toHaveLength(2);
    const logins = server
      .log()
      .slice(logged)
      .matchAll(/connection authorized: user=(\S+)/g);
    expect([...logins].map(([, user]) => user)).toEqual([app, 'admin', `${app}_clone`]);
    expect(server.log().slice(logged)).not.toContain('FATAL');
  });

  test('what either of them creates, both own, in old sessions and in new ones', async () => {
    const app = await role();
    await server.sql(`CREATE SCHEMA "${app}" AUTHORIZATION "${app}"`);
    const rigged = await rig(app);
    const original = await logIn(app, FIRST);
    await original.query(`CREATE TABLE "${app}".by_original ()`);
    await rotate(rigged);
    const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
    await clone.query(`CREATE TABLE "${app}".by_clone (); ALTER TABLE "${app}".by_original ADD seen int`);
    // What a pooler does between two users of a connection.
    await clone.query('DISCARD ALL');
    await clone.query(`CREATE TABLE "${app}".by_clone_again ()`);
    await original.query(`DROP TABLE "${app}".by_clone; DROP TABLE "${app}".by_clone_again`);
    await Promise.all([original.end(), clone.end()]);
    const owned = await server.sql(
      `SELECT count(*)::int AS n FROM pg_shdepend WHERE deptype = 'o' AND refobjid = '"${app}_clone"'::regrole`,
    );
    expect(owned).toEqual([{ n: 0 }]);
  });

  test('settings, attributes and limits follow the original at each turn of the clone', async () => {
    const app = await role('CONNECTION LIMIT 7');
    await server.sql(`

      ALTER ROLE "${app}" SET search_path = "My Schema", public;
      ALTER ROLE "${app}" SET application_name = 'it''s, "one" value';
      ALTER ROLE "${app}" IN DATABASE postgres SET work_mem = '8MB'`);
    const rigged = await rig(app);
    const settings = async (name: string) => {
      const rows = await server.sql(
        `SELECT setdatabase, unnest(setconfig) AS setting FROM pg_db_role_setting WHERE setrole = '"${name}"'::regrole`,
      );
      return rows.map(({ setdatabase, setting }) => `${setdatabase} ${setting}`).sort();
    };
    const limits = (name: string) =>
      server.sql(`SELECT rolconnlimit, rolcreatedb, rolvaliduntil FROM pg_roles WHERE rolname = '${name}'`);
    await rotate(rigged);
    expect(await settings(`${app}_clone`)).toEqual([...(await settings(app)), `0 role=${app}`].sort());
    expect(await limits(`${app}_clone`)).toEqual(await limits(app));

    await server.sql(`
      ALTER ROLE "${app}" CONNECTION LIMIT 3 VALID UNTIL '2040-01-02 03:04:05+06';
      ALTER ROLE "${app}" RESET application_name;
      ALTER ROLE "${app}" SET work_mem = '9MB';
      ALTER ROLE "${app}_clone" SET idle_in_transaction_session_timeout = 999999`);
    await rotate(rigged);
    await rotate(rigged);
    expect(await settings(`${app}_clone`)).toEqual([...(await settings(app)), `0 role=${app}`].sort());
    expect(await limits(`${app}_clone`)).toEqual(await limits(app));
    const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
    const { rows } = await clone.query(
      "SELECT current_schemas(false), current_setting('search_path') AS path",
    );
    await clone.end();
    expect(rows[0].path).toBe('"My Schema", public');
    expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
  });

  test('a grant that has lost its options gets them back', async () => {
    const app = await role();
    const rigged = await rig(app);
    await rotate(rigged);
    await rotate(rigged);
    if (major >= 16) {
      await server.sql(`GRANT "${app}" TO "${app}_clone" WITH INHERIT FALSE GRANTED BY admin`);
    }
    await rotate(rigged);
    const usage = await server.sql(`SELECT pg_has_role('${app}_clone', '${app}', 'USAGE') AS has`);
    expect(usage).toEqual([{ has: true }]);
  });

  test('a lock on the clone’s settings is an error, not a setting that is passed over', async () => {
    const app = await role();
    const rigged = await rig(app, {}, { timeoutMs: 1000 });
    for (let n = 0; n < 2; n++) await rotate(rigged);
    await server.sql(`ALTER ROLE "${app}" SET work_mem = '9MB'`);
    await rigged.begin();
    await rigged.deliver('createSecret');
    const blocker = await logIn('postgres', server.password);
    await blocker.query(`BEGIN; ALTER ROLE "${app}_clone" SET application_name = 'x'`);
    const error = await rejection(rigged.deliver('setSecret'));
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(error).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
    expect(await rigged.rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
  });

  test('a setting that only a superuser may copy is a warning that names it, and not its value, if it may', async () => {
    const app = await role();
    await server.sql(
      `ALTER ROLE "${app}" SET log_min_duration_statement = 54321; ALTER ROLE "${app}" SET work_mem = '9MB'`,
    );
    const rigged = await rig(app, {}, { cloneMayDiffer: true });
    await rotate(rigged);
    const [warning, ...others] = rigged.log.flatMap(({ warnings = [] }) => warnings);
    expect(others).toEqual([]);
    expect(warning).toContain('log_min_duration_statement');
    expect(warning).not.toContain('54321');
    const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
    expect((await clone.query('SHOW work_mem')).rows).toEqual([{ work_mem: '9MB' }]);
    await clone.end();
    // Once a superuser has done it, there is nothing left to warn of.
    await server.sql(`ALTER ROLE "${app}_clone" SET log_min_duration_statement = 54321`);
    await rotate(rigged);
    await rotate(rigged);
    expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([warning]);
  });

  test('an original that acts as an owner has a clone that acts as the same owner', async () => {
    const app = await role();
    await server.sql(
      `CREATE ROLE "${app}_owner"; GRANT "${app}_owner" TO "${app}"; ALTER ROLE "${app}" SET role = "${app}_owner"`,
    );
    const rigged = await rig(app);
    for (let n = 0; n < 3; n++) await rotate(rigged);
    expect(await actsAs(`${app}_clone`, await rigged.password('AWSCURRENT'))).toBe(`${app}_owner`);
  });

  test.each([
    ['for one database', (app: string) => `ALTER DATABASE "${app}" SET role = "${app}_owner"`, '_owner'],
    [
      'of its own, for one database',
      (app: string) => `ALTER ROLE "${app}" IN DATABASE "${app}" SET role = "${app}_owner"`,
      '_owner',
    ],
    ['that is none', (app: string) => `ALTER ROLE "${app}" SET role = none`, ''],
  ])(
    'an original with a role set %s has a clone that acts alike, in every database',
    async (_, sql, owner) => {
      const app = await role();
      await server.sql(`CREATE ROLE "${app}_owner"; GRANT "${app}_owner" TO "${app}"`);
      await server.sql(`CREATE DATABASE "${app}"`);
      await server.sql(sql(app));
      const rigged = await rig(app, { dbname: app });
      for (const username of [`${app}_clone`, app, `${app}_clone`]) {
        await rotate(rigged);
        const password = await rigged.password('AWSCURRENT');
        expect(await actsAs(username, password, app)).toBe(`${app}${owner}`);
        expect(await actsAs(username, password)).toBe(app);
      }
      await server.sql(
        `ALTER DATABASE "${app}" RESET role; ALTER ROLE "${app}" IN DATABASE "${app}" RESET role`,
      );
      await rotate(rigged);
      await rotate(rigged);
      expect(await actsAs(`${app}_clone`, await rigged.password('AWSCURRENT'), app)).toBe(app);
    },
  );

  test.each([
    ['that it may not act as', 'CREATE ROLE'],
    ['that is gone', 'DROP ROLE'],
  ])(
    'an original with a role set %s has a clone that acts as it, like the original itself',
    async (_, sql) => {
      const app = await role();
      await server.sql(`CREATE ROLE "${app}_owner"`);
      await server.sql(`CREATE DATABASE "${app}"`);
      await server.sql(
        `ALTER DATABASE "${app}" SET role = "${app}_owner"; ALTER ROLE "${app}" SET role = "${app}_owner"`,
      );
      if (sql === 'DROP ROLE') await server.sql(`DROP ROLE "${app}_owner"`);
      const rigged = await rig(app, { dbname: app });
      for (const username of [`${app}_clone`, app, `${app}_clone`]) {
        await rotate(rigged);
        const password = await rigged.password('AWSCURRENT');
        expect(await actsAs(username, password, app)).toBe(app);
        expect(await actsAs(username, password)).toBe(app);
      }
    },
  );

  test('an empty list among the settings is an empty list', async () => {
    const app = await role();
    await server.sql(`SET temp_tablespaces = ''; ALTER ROLE "${app}" SET temp_tablespaces FROM CURRENT`);
    const rigged = await rig(app);
    for (let n = 0; n < 3; n++) await rotate(rigged);
    expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
  });

  test('a clone that was dropped is made again', async () => {
    const app = await role();
    const rigged = await rig(app);
    await rotate(rigged);
    await rotate(rigged);
    await server.sql(`DROP ROLE "${app}_clone"`);
    await rotate(rigged);
    expect(await actsAs(`${app}_clone`, await rigged.password('AWSCURRENT'))).toBe(app);
  });

  test('a user that logs in by MD5 has a clone that does, with a warning', async () => {
    const app = await role('', `old_style_${major}`);
    await server.sql(`ALTER ROLE "${app}" SET password_encryption = md5`);
    await server.sql(`SET password_encryption = md5; ALTER ROLE "${app}" PASSWORD '${FIRST}'`);
    const rigged = await rig(app);
    await rotate(rigged);
    expect(await server.verifierOf(`${app}_clone`)).toMatch(/^md5/);
    expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([expect.stringContaining('MD5')]);
    expect(await server.accepts(`${app}_clone`, await rigged.password('AWSCURRENT'))).toBe(true);
  });

  test('users of any name take turns', async () => {
    const app = await role('', `we"ird Röle; -- ${++count}`);
    const rigged = await rig(app);
    for (let n = 0; n < 3; n++) await rotate(rigged);
    const { username, password } = JSON.parse(await rigged.text('AWSCURRENT'));
    expect(username).toBe(`${app}_clone`);
    expect(await server.accepts(username, password)).toBe(true);
  });

  test('open sessions of either user go on', async () => {
    const app = await role();
    const rigged = await rig(app);
    const original = await logIn(app, FIRST);
    await rotate(rigged);
    const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
    await rotate(rigged);
    await rotate(rigged);
    for (const session of [original, clone]) {
      expect((await session.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
      await session.end();
    }
  });

  test('every step may be delivered twice in a row, and twice at once', async () => {
    const app = await role();
    const rigged = await rig(app);
    await rigged.begin();
    for (const step of STEPS) {
      await rigged.deliver(step);
      await Promise.all(Array.from({ length: 5 }, () => rigged.deliver(step)));
    }
    const now = JSON.parse(await rigged.text('AWSCURRENT'));
    expect(now.username).toBe(`${app}_clone`);
    expect(await server.accepts(now.username, now.password)).toBe(true);
  });

  test('five attempts at once make one clone', async () => {
    const app = await role();
    const rigged = await rig(app);
    await rigged.begin();
    await rigged.deliver('createSecret');
    await Promise.all(Array.from({ length: 5 }, () => rigged.deliver('setSecret')));
    await rigged.deliver('testSecret');
  });

  test('with RotateImmediately=false AWSCURRENT’s user is tested, and nothing is made', async () => {
    const app = await role();
    const { begin, rotation } = await rig(app);
    await begin({ RotateImmediately: false });
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.sql(`SELECT FROM pg_roles WHERE rolname = '${app}_clone'`)).toEqual([]);
  });

  test('other names take turns if the function says so', async () => {
    const app = await role();
    const rigged = await rig(app, {}, { pairs: { [app]: `${app}_b` } });
    for (const username of [`${app}_b`, app]) {
      await rotate(rigged);
      expect(JSON.parse(await rigged.text('AWSCURRENT'))).toMatchObject({ username });
    }
  });

  describe('nothing is changed', () => {
    test('if AWSCURRENT cannot log in', async () => {
      const app = await role();
      const { begin, deliver } = await postgresRig(
        server.secret(app, 'wrong-password-9', { masterarn: 'admin' }),
        {
          administrator: server.secret('admin', ADMIN),
          pairs: {},
        },
      );
      await begin();
      await deliver('createSecret');
      const before = await snapshot();
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
      expect(await snapshot()).toEqual(before);
    });

    test('if AWSPENDING is for anybody but the alternate', async () => {
      const app = await role();
      const victim = await role();
      const { beginWith, deliver } = await rig(app);
      await beginWith(server.secret(victim, 'chosen-password-7', { masterarn: 'admin' }));
      const logins = server.log().length;
      const before = await snapshot();
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_PENDING_MISMATCH',
        message: expect.stringContaining(victim),
      });
      expect(await snapshot()).toEqual(before);
      expect(server.log().slice(logins)).not.toContain(`user=${app} `);
    });

    test('if the clone’s name is somebody else’s', async () => {
      const app = await role();
      await role('', `${app}_clone`);
      expect(await refusal(await rig(app), app)).toMatchObject({
        code: 'ERR_PENDING_MISMATCH',
        hint: expect.stringContaining(`GRANT "${app}" TO "${app}_clone"`),
      });
    });

    test('if the original’s name is somebody else’s', async () => {
      const app = await role();
      await role('', `${app}_clone`);
      const { begin, deliver } = await rig(`${app}_clone`);
      await begin();
      await deliver('createSecret');
      const before = await snapshot();
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISMATCH' });
      expect(await snapshot()).toEqual(before);
    });

    test('if the original is a member of the clone: the hint begins with a REVOKE', async () => {
      const app = await role();
      await role('', `${app}_clone`);
      await server.sql(`GRANT "${app}_clone" TO "${app}"`);
      const error = await refusal(await rig(app), app);
      expect(error).toMatchObject({ code: 'ERR_PENDING_MISMATCH' });
      const [, statements = ''] = /: (REVOKE .*)\. Otherwise/.exec((error as { hint: string }).hint) ?? [];
      await server.sql(statements);
    });

    test.each([
      ['is a superuser', (clone: string) => `ALTER ROLE ${clone} SUPERUSER`],
      [
        'can act as a superuser',
        (clone: string) => `CREATE ROLE boss_of_${clone.slice(1, -1)} SUPERUSER ROLE ${clone}`,
      ],
      [
        'can act as a role with CREATEROLE',
        (clone: string) => `CREATE ROLE maker_of_${clone.slice(1, -1)} CREATEROLE ROLE ${clone}`,
      ],
    ])('if the clone %s, and the original does not', async (_, sql) => {
      const app = await role();
      await server.sql(`CREATE ROLE "${app}_clone" LOGIN IN ROLE "${app}"; ${sql(`"${app}_clone"`)}`);
      expect(await refusal(await rig(app), app)).toMatchObject({
        code: 'ERR_PENDING_MISMATCH',
        message: expect.stringContaining('they are not a pair'),
      });
    });

    // Before PostgreSQL 16 every member may.
    if (major >= 16) {
      test('if the clone is a member, but may not act as the original', async () => {
        const app = await role();
        await server.sql(
          `CREATE ROLE "${app}_clone" LOGIN; GRANT "${app}" TO "${app}_clone" WITH INHERIT FALSE, SET FALSE`,
        );
        expect(await refusal(await rig(app), app)).toMatchObject({
          code: 'ERR_PENDING_MISMATCH',
          hint: expect.stringContaining(`GRANT "${app}" TO "${app}_clone" WITH INHERIT TRUE, SET TRUE`),
        });
      });
    }

    test('if the server would cut the user’s name, and log another one in', async () => {
      const victim = await role('', `${'v'.repeat(59)}${++count}`);
      const attacker = await role('', `${victim}_clone`.slice(0, 63));
      const { begin, deliver } = await rig(`${victim}_clone`);
      await begin();
      const before = await snapshot();
      expect(await server.accepts(`${victim}_clone`, FIRST)).toBe(true);
      expect(attacker).toHaveLength(63);
      expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
      expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_PENDING_MISSING' });
      expect(await snapshot()).toEqual(before);
    });

    test('if the original is gone', async () => {
      const app = await role('', `app_${++count}_clone`);
      const { begin, deliver } = await rig(app);
      await begin();
      await deliver('createSecret');
      const before = await snapshot();
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_USER_MISSING',
        message: expect.stringContaining(`"${app.replace('_clone', '')}"`),
        hint: expect.stringContaining(
          `If "${app}" is not a clone, name its own clone with the option \`pairs: { '${app}': `,
        ),
      });
      expect(await snapshot()).toEqual(before);
    });

    test('if the administrator may not grant the original: the hint has the GRANT', async () => {
      const app = `app_${++count}`;
      await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
      const rigged = await rig(app);
      if (major < 16) return rotate(rigged); // CREATEROLE was enough.
      expect(await refusal(rigged, app)).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        message: expect.stringContaining(`may not grant "${app}" to "${app}_clone"`),
        hint: expect.stringMatching(new RegExp(`: GRANT "${app}" TO "admin" WITH ${LEAST}$`)),
      });
    });

    test('if the administrator may not create roles', async () => {
      const app = await role();
      await server.sql(`CREATE ROLE "clerk_${app}" LOGIN PASSWORD '${ADMIN}'`);
      const rigged = await rig(app, {}, { administrator: server.secret(`clerk_${app}`, ADMIN) });
      expect(await refusal(rigged, app)).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        hint: expect.stringContaining(`ALTER ROLE "clerk_${app}" CREATEROLE`),
      });
    });

    test('if the administrator may not give what the original has; a superuser can, once', async () => {
      const app = await role('REPLICATION');
      const rigged = await rig(app);
      const error = await refusal(rigged, app);
      expect(error).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        hint: expect.stringContaining('REPLICATION'),
      });
      const [, statement = ''] = /: (CREATE ROLE .*)$/.exec((error as { hint: string }).hint) ?? [];
      await server.sql(statement);
      if (major < 16) {
        // There only a superuser may change such a role, at every turn.
        const hint = expect.stringMatching(/^only a superuser .*before PostgreSQL 16/);
        const { steps } = await rigged.rotation().reattempt();
        return expect(steps.at(-1)?.error).toMatchObject({ code: 'ERR_RIGHTS_MISSING', hint });
      }
      expect(await rigged.rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
      const rows = await server.sql(`SELECT rolreplication FROM pg_roles WHERE rolname = '${app}_clone'`);
      expect(rows).toEqual([{ rolreplication: true }]);
    });

    test.each([
      [
        'of another host',
        { host: 'localhost' },
        'ERR_SECRET_MALFORMED',
        '"masterarn" names an administrator of',
      ],
      ['of another port', { port: 1 }, 'ERR_SECRET_MALFORMED', '"masterarn" names an administrator of'],
      ['with no username', { username: undefined }, 'ERR_SECRET_MALFORMED', '"username" is missing'],
      [
        'whose password is refused',
        { password: 'nonsense-password-4' },
        'ERR_CREDENTIAL_REJECTED',
        'refused the administrator',
      ],
    ])('if the administrator’s secret is one %s', async (_, more, code, message) => {
      const app = await role();
      const rigged = await rig(app, {}, { administrator: server.secret('admin', ADMIN, more) });
      expect(await refusal(rigged, app)).toMatchObject({ code, message: expect.stringContaining(message) });
    });

    test('if the administrator’s secret is the user’s own', async () => {
      const app = await role('CREATEROLE');
      const rigged = await rig(app, {}, { administrator: server.secret(app, FIRST) });
      expect(await refusal(rigged, app)).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    });

    test('if the clone’s name would be longer than 63 bytes: it is said before a value is stored', async () => {
      const app = await role('', `täglich_${'x'.repeat(49)}_${++count}`);
      const { begin, deliver } = await rig(app);
      await begin();
      expect(await rejection(deliver('createSecret'))).toMatchObject({
        code: 'ERR_SECRET_MALFORMED',
        message: expect.stringContaining('63 bytes'),
      });
    });
  });

  test('a user in use whose VALID UNTIL has passed is refused, and the hint thinks of that', async () => {
    const app = await role("VALID UNTIL '2000-01-01'");
    const { begin, deliver } = await rig(app);
    await begin();
    await deliver('createSecret');
    const before = await snapshot();
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('VALID UNTIL'),
    });
    expect(await snapshot()).toEqual(before);
  });

  test('an administrator whose secret is being rotated is told as that', async () => {
    const app = await role();
    const rigged = await rig(app, {}, { administrator: server.secret('admin', 'nonsense-password-4') });
    await rigged.secrets.putSecretValue({
      SecretId: 'admin',
      SecretString: server.secret('admin', ADMIN),
      VersionStages: ['AWSPENDING'],
    });
    expect(await refusal(rigged, app)).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('is being rotated itself'),
    });
  });

  test('one server under two names is one, if connectTo leads both there', async () => {
    const app = await role();
    const { host, port } = server;
    const rigged = await rig(
      app,
      { host: 'proxy.example', port: 1 },
      {
        administrator: server.secret('admin', ADMIN, { host: 'db.example' }),
        connectTo: () => ({ host, port }),
      },
    );
    await rotate(rigged);
    expect(JSON.parse(await rigged.text('AWSCURRENT'))).toMatchObject({
      host: 'proxy.example',
      username: `${app}_clone`,
    });
  });

  describe('testSecret', () => {
    test('does not take a clone whose grant was revoked, although its login succeeds', async () => {
      const app = await role();
      const { begin, deliver } = await rig(app);
      await begin();
      for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
      await server.sql(
        `DELETE FROM pg_auth_members WHERE roleid = '"${app}"'::regrole AND member = '"${app}_clone"'::regrole`,
      );
      expect(await rejection(deliver('testSecret'))).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        message: expect.stringContaining(`act as "${app}_clone", not as "${app}"`),
        hint: expect.stringContaining(`GRANT "${app}" TO "${app}_clone"`),
      });
    });

    test('warns of a clone whose sessions stay themselves', async () => {
      const app = await role();
      const { begin, deliver, log } = await rig(app);
      await begin();
      for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
      await server.sql(`ALTER ROLE "${app}_clone" RESET role`);
      await deliver('testSecret');
      expect(log.at(-1)?.warnings).toEqual([
        `sessions of "${app}_clone" act as "${app}_clone", not as "${app}"`,
      ]);
    });
  });

  describe('a clone that AWS’s function has made', () => {
    /** As AWS's function makes it: a member of the original, and nothing else. */
    async function madeByAws(app: string): Promise<void> {
      await server.sql(`
        CREATE ROLE "${app}_clone" WITH LOGIN PASSWORD '${FIRST}';
        GRANT "${app}" TO "${app}_clone";
        GRANT "${app}_clone" TO admin WITH ADMIN OPTION`);
    }

    test('acts as the original from its next turn on', async () => {
      const app = await role();
      await madeByAws(app);
      const rigged = await rig(app);
      await rotate(rigged);
      expect(await actsAs(`${app}_clone`, await rigged.password('AWSCURRENT'))).toBe(app);
    });

    test('stays itself while it owns anything, with a warning that has the way out', async () => {
      const app = await role();
      await madeByAws(app);
      await server.sql(
        `CREATE SCHEMA "${app}_s" AUTHORIZATION "${app}"; SET ROLE "${app}_clone"; CREATE TABLE "${app}_s".mine ()`,
      );
      const rigged = await rig(app);
      await rotate(rigged);
      const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
      await clone.query(`SELECT FROM "${app}_s".mine`);
      await clone.end();
      const warnings = () =>
        rigged.log.filter(({ step }) => step === 'setSecret').flatMap(({ warnings = [] }) => warnings);
      const reassign = `REASSIGN OWNED BY "${app}_clone" TO "${app}"`;
      expect(warnings()).toEqual([expect.stringContaining(`in "postgres", so its sessions do not act`)]);
      expect(warnings()[0]).toContain(reassign);

      await server.sql(reassign);
      await rotate(rigged);
      await rotate(rigged);
      const moved = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
      expect((await moved.query('SELECT current_user AS me')).rows).toEqual([{ me: app }]);
      await moved.query(`SELECT FROM "${app}_s".mine`);
      await moved.end();
      expect(warnings()).toHaveLength(1);
    });

    test('is tested alone, with RotateImmediately=false, while it is AWSCURRENT', async () => {
      const app = await role();
      await madeByAws(app);
      const { begin, rotation } = await rig(`${app}_clone`);
      await begin({ RotateImmediately: false });
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    });

    test('acts as the original although it has default privileges and a user mapping', async () => {
      const app = await role();
      await madeByAws(app);
      await server.sql(`
        ALTER DEFAULT PRIVILEGES FOR ROLE "${app}_clone" GRANT SELECT ON TABLES TO "${app}";
        CREATE FOREIGN DATA WRAPPER "${app}"; CREATE SERVER "${app}" FOREIGN DATA WRAPPER "${app}";
        CREATE USER MAPPING FOR "${app}_clone" SERVER "${app}"`);
      const rigged = await rig(app);
      await rotate(rigged);
      expect(await actsAs(`${app}_clone`, await rigged.password('AWSCURRENT'))).toBe(app);
      expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([]);
    });

    test('is told of, if it is a member of more than the original', async () => {
      const app = await role();
      await madeByAws(app);
      await server.sql(`CREATE ROLE "${app}_more"; GRANT "${app}_more" TO "${app}_clone"`);
      const rigged = await rig(app);
      await rotate(rigged);
      expect(rigged.log.flatMap(({ warnings = [] }) => warnings)).toEqual([
        expect.stringContaining(`REVOKE "${app}_more" FROM "${app}_clone"`),
      ]);
    });
  });
});

test.each([{ a: '' }, { a: 'a' }, { a: 'b', b: 'c' }, { a: 'x', b: 'x' }, { a: 'x'.repeat(64) }])(
  'the pairs %j are refused when the rotator is made',
  (pairs) => {
    expect(() => alternatingUsers({ pairs })).toThrow(TypeError);
  },
);
