import { Client } from 'pg';
import { alternatingUsers } from '../../../rotators/postgres/index.js';
import type { Step } from '../../../src/index.js';
import { FaultyClient } from '../../support/faulty-client.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';
import { allOf, leaks, rejection } from '../../support/rig.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';
const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

describe.each([18, 15])('on PostgreSQL %i', (major) => {
  /** To change a role and to grant it, but not to act as it. */
  const LEAST = major === 15 ? 'ADMIN OPTION' : 'ADMIN TRUE, INHERIT FALSE, SET FALSE';

  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer({
      ...(major === 15 && { major }),
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

  async function logIn(user: string, password: string): Promise<Client> {
    const { host, port } = server;
    const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
    await client.connect();
    return client;
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

  test('a rotation makes 12 calls to Secrets Manager, 2 of them writes, and 3 logins', async () => {
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
    expect(client?.calls).toHaveLength(12);
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

  test('a setting that only a superuser may copy is a warning that names it, and not its value', async () => {
    const app = await role();
    await server.sql(
      `ALTER ROLE "${app}" SET log_min_duration_statement = 54321; ALTER ROLE "${app}" SET work_mem = '9MB'`,
    );
    const rigged = await rig(app);
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
    const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
    expect((await clone.query('SELECT current_user AS me')).rows).toEqual([{ me: `${app}_owner` }]);
    await clone.end();
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

    test('if the alternate’s name is somebody else’s', async () => {
      const app = await role();
      await role('', `${app}_clone`);
      expect(await refusal(await rig(app), app)).toMatchObject({
        code: 'ERR_PENDING_MISMATCH',
        hint: expect.stringContaining(`GRANT "${app}" TO "${app}_clone"`),
      });
    });

    test('if the alternate is a superuser', async () => {
      const app = await role();
      await server.sql(`CREATE ROLE "${app}_clone" SUPERUSER LOGIN; GRANT "${app}" TO "${app}_clone"`);
      expect(await refusal(await rig(app), app)).toMatchObject({ code: 'ERR_PENDING_MISMATCH' });
    });

    test('if the original is gone', async () => {
      const app = await role('', `app_${++count}_clone`);
      const { begin, deliver } = await rig(app);
      await begin();
      await deliver('createSecret');
      expect(await rejection(deliver('setSecret'))).toMatchObject({
        code: 'ERR_USER_MISSING',
        message: expect.stringContaining(`"${app.replace('_clone', '')}"`),
      });
    });

    test('if the administrator may not grant the original: the hint has the GRANT', async () => {
      const app = `app_${++count}`;
      await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
      const rigged = await rig(app);
      if (major < 16) return rotate(rigged); // CREATEROLE was enough.
      expect(await refusal(rigged, app)).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        message: expect.stringContaining(`may not grant "${app}" to "${app}_clone"`),
        hint: expect.stringMatching(new RegExp(`: GRANT "${app}" TO "admin" WITH ADMIN OPTION$`)),
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
        const hint = expect.stringContaining('before PostgreSQL 16');
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

    test('does not take a clone whose sessions stay themselves', async () => {
      const app = await role();
      const { begin, deliver } = await rig(app);
      await begin();
      for (const step of ['createSecret', 'setSecret'] as const) await deliver(step);
      await server.sql(`ALTER ROLE "${app}_clone" RESET role`);
      expect(await rejection(deliver('testSecret'))).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
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
      const clone = await logIn(`${app}_clone`, await rigged.password('AWSCURRENT'));
      expect((await clone.query('SELECT current_user AS me')).rows).toEqual([{ me: app }]);
      await clone.end();
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
      const warnings = () => rigged.log.flatMap(({ warnings = [] }) => warnings);
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
