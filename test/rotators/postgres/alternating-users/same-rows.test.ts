import { Client } from 'pg';
import { rejection } from '../../../support/errors.js';
import { startTestServer, type TestServer } from '../../../support/postgres.js';
import { postgresRig } from '../../../support/postgres-rig.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';
const TENANT = 'tenant-of-the-blue';

describe.each([18, 15] as const)('on PostgreSQL %i', (major) => {
  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer(major === 15 ? { major } : {});
    await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  });

  afterAll(() => server.stop());

  /** A user with its own schema, and a rotator for it and its clone. */
  async function pair(options: { readonly cloneMayDiffer?: boolean } = {}) {
    const app = `app_${++count}`;
    await server.sql(
      `CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'; CREATE SCHEMA ${app} AUTHORIZATION ${app}`,
    );
    await server.sql(`GRANT ${app} TO admin WITH ADMIN OPTION`);
    const rigged = await postgresRig(server.secret(app, FIRST, { masterarn: 'admin' }), {
      administrator: server.secret('admin', ADMIN),
      pairs: {},
      ...options,
    });
    return { ...rigged, app, warnings: () => rigged.log.flatMap(({ warnings = [] }) => warnings) };
  }

  /** A table whose rows are for sessions with the user's setting. */
  async function orders(app: string): Promise<void> {
    await server.sql(`ALTER ROLE ${app} SET app.tenant = '${TENANT}'; CREATE TABLE ${app}.orders (tenant text);
      INSERT INTO ${app}.orders VALUES ('${TENANT}'); GRANT SELECT ON ${app}.orders TO ${app};
      ALTER TABLE ${app}.orders ENABLE ROW LEVEL SECURITY;
      CREATE POLICY own ON ${app}.orders TO ${app} USING (tenant = current_setting('app.tenant', true))`);
  }

  async function rowsSeen({ app, text }: Awaited<ReturnType<typeof pair>>): Promise<number> {
    const { username: user, password } = JSON.parse(await text('AWSCURRENT'));
    const client = new Client({
      host: server.host,
      port: server.port,
      user,
      password,
      database: 'postgres',
      ssl: false,
    });
    await client.connect();
    const { rows } = await client
      .query(`SELECT count(*)::int AS n FROM ${app}.orders`)
      .finally(() => client.end());
    return rows[0].n;
  }

  /** A session that keeps everybody else out of tables until it ends. */
  async function locked(tables: string): Promise<Client> {
    const { host, port, username: user, password } = server;
    const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
    await client.connect();
    await client.query(`BEGIN; LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`);
    return client;
  }

  test('a setting that the administrator may not copy fails the clone’s first turn, until a superuser has run the SQL', async () => {
    const rigged = await pair();
    const { app, begin, deliver, run, log } = rigged;
    await orders(app);
    await begin();
    await deliver('createSecret');
    const error = await rejection(deliver('setSecret'));
    expect(error).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringContaining('"admin" may not set app.tenant'),
      hint: expect.stringContaining('`cloneMayDiffer: true`'),
    });
    expect(JSON.stringify([error, log, String(error)])).not.toContain(TENANT);
    expect(await server.sql(`SELECT FROM pg_roles WHERE rolname = '${app}_clone'`)).toEqual([]);
    const [, sql = ''] =
      /Run as a superuser: (.*?)\. Only if/.exec((error as { hint?: string }).hint ?? '') ?? [];
    expect(sql).toContain('app.tenant');
    await server.sql(sql);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await rowsSeen(rigged)).toBe(1);
    await server.sql('REVOKE SET ON PARAMETER app.tenant FROM admin');
  });

  test('a clone that somebody has made without the setting fails its first turn, and keeps its password', async () => {
    const { app, begin, deliver } = await pair();
    await orders(app);
    await server.sql(`CREATE ROLE ${app}_clone LOGIN PASSWORD '${FIRST}' IN ROLE ${app} ADMIN admin`);
    await begin();
    await deliver('createSecret');
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
    expect(await server.accepts(`${app}_clone`, FIRST)).toBe(true);
  });

  test('a setting that comes after the clone’s first turn is a warning', async () => {
    const { app, begin, run, warnings } = await pair();
    for (const [turn, expected] of [0, 0, 1].entries()) {
      if (turn === 2) await server.sql(`ALTER ROLE ${app} SET app.tenant = '${TENANT}'`);
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
      expect(warnings()).toHaveLength(expected);
    }
    expect(warnings()).toEqual([expect.stringContaining('app.tenant')]);
  });

  test('a setting of the server’s own is told with SQL that gives the administrator no right to it, and no value', async () => {
    const { app, begin, deliver, run } = await pair();
    await server.sql(
      `ALTER ROLE ${app} SET log_min_duration_statement = 54321; ALTER ROLE ${app} IN DATABASE postgres SET app.tenant = '${TENANT}'`,
    );
    await begin();
    await deliver('createSecret');
    const error = await rejection(deliver('setSecret'));
    expect(error).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      hint: expect.stringContaining(
        `GRANT SET ON PARAMETER "app.tenant" TO "admin"; CREATE ROLE "${app}_clone" IN ROLE "${app}" ADMIN "admin"; ` +
          `ALTER ROLE "${app}_clone" SET "log_min_duration_statement" TO …, with the values that "${app}" has`,
      ),
    });
    expect(`${JSON.stringify(error)} ${String(error)}`).not.toMatch(/54321|tenant-of/);
    await server.sql(`GRANT SET ON PARAMETER "app.tenant" TO admin; CREATE ROLE ${app}_clone IN ROLE ${app} ADMIN admin;
      ALTER ROLE ${app}_clone SET log_min_duration_statement TO 54321`);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    await server.sql('REVOKE SET ON PARAMETER app.tenant FROM admin');
  });

  test('with `cloneMayDiffer` it is a warning', async () => {
    const rigged = await pair({ cloneMayDiffer: true });
    await orders(rigged.app);
    await rigged.begin();
    expect(await rigged.run()).toMatchObject({ outcome: 'succeeded' });
    expect(rigged.warnings()).toEqual([expect.stringContaining('app.tenant')]);
    expect(await rowsSeen(rigged)).toBe(0);
  });

  test('what asks for session_user is a warning at each turn of the clone, with its names', async () => {
    const { app, begin, run, warnings } = await pair();
    const onlyIn18 = major === 18 ? `CREATE POLICY login ON ${app}.t USING (system_user <> 'trust');` : '';
    await server.sql(`SET ROLE ${app}; CREATE TABLE ${app}.t (id int, owner name DEFAULT session_user, CHECK (owner <> session_user OR true));
      CREATE POLICY mine ON ${app}.t USING (owner = session_user);
      CREATE POLICY writes ON ${app}.t FOR INSERT WITH CHECK (owner = session_user);
      ${onlyIn18} CREATE RULE notes AS ON DELETE TO ${app}.t DO ALSO SELECT session_user;
      CREATE DOMAIN ${app}.d AS name CHECK (value <> session_user);
      CREATE VIEW ${app}.v AS SELECT session_user AS who;
      CREATE FUNCTION ${app}.f() RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT SESSION_USER $$;
      CREATE FUNCTION ${app}.g() RETURNS name LANGUAGE sql RETURN session_user;
      CREATE FUNCTION ${app}.same() RETURNS name LANGUAGE sql RETURN current_user`);
    for (const turn of ['the clone', 'the original', 'the clone']) {
      await begin();
      expect([turn, await run()]).toMatchObject([turn, { outcome: 'succeeded' }]);
    }
    expect(warnings()).toHaveLength(2);
    for (const warning of warnings()) {
      for (const name of [
        `policy mine on ${app}.t`,
        `policy writes on ${app}.t`,
        `default of ${app}.t.owner`,
        `of ${app}.t`,
        ...(major === 18 ? [`policy login on ${app}.t`] : []),
        `check d_check of ${app}.d`,
        `view ${app}.v`,
        `function ${app}.f()`,
        `function ${app}.g()`,
        ...(major === 15 ? [`rule notes on ${app}.t`] : []),
      ]) {
        expect(warning).toContain(name);
      }
      expect(warning).not.toContain(`${app}.same`);
    }
    await server.sql(`DROP SCHEMA ${app} CASCADE`);
  });

  test('what learns in another way who has logged in is a warning too, and what does not is none', async () => {
    const { app, begin, run, warnings } = await pair();
    const ownRow = 'FROM pg_stat_activity WHERE pid = pg_backend_pid()';
    await server.sql(`SET ROLE ${app}; CREATE TABLE ${app}.t (owner text DEFAULT current_setting('Role', true));
      CREATE POLICY acting ON ${app}.t USING (owner = current_setting('role'));
      CREATE POLICY login ON ${app}.t USING (owner = current_setting('session_authorization'::varchar));
      CREATE POLICY process ON ${app}.t USING (owner = (SELECT usename ${ownRow}));
      CREATE POLICY tenant ON ${app}.t USING (owner IN (current_setting('app.role', true), 'role', 'session_user'));
      CREATE FUNCTION ${app}.acting() RETURNS text LANGUAGE sql AS $$ SELECT current_setting( 'role' ) $$;
      CREATE FUNCTION ${app}.shown() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'SHOW ROLE'; END $$;
      CREATE FUNCTION ${app}.process() RETURNS name LANGUAGE sql AS $$ SELECT usename ${ownRow} $$;
      CREATE FUNCTION ${app}.tenant() RETURNS text LANGUAGE sql AS $$ SELECT current_setting('app.role') || role FROM (SELECT 'role' AS role) AS r $$`);
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([
      expect.stringContaining(
        `these ask who has logged in: default of ${app}.t.owner, function ${app}.acting(), function ${app}.process(), ` +
          `function ${app}.shown(), policy acting on ${app}.t, policy login on ${app}.t, policy process on ${app}.t. Make them use`,
      ),
    ]);
    await server.sql(`DROP SCHEMA ${app} CASCADE`);
  });

  test('a catalogue that cannot be read is a warning: nobody knows what the clone sees', async () => {
    const { app, begin, rotation, warnings } = await pair();
    const locking = await locked('pg_policy');
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([
      expect.stringContaining(`"${app}_clone" may see other rows there than "${app}"`),
    ]);
    await locking.end();
  });

  test('tables that somebody has locked keep no rotation waiting', async () => {
    const { app, begin, rotation } = await pair();
    await server.sql(
      `CREATE TABLE ${app}.t (id int); CREATE VIEW ${app}.v AS SELECT session_user FROM ${app}.t`,
    );
    const locking = await locked(`${app}.t, ${app}.v`);
    await begin();
    const before = performance.now();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(performance.now() - before).toBeLessThan(5000);
    await locking.end();
    await server.sql(`DROP SCHEMA ${app} CASCADE`);
  });
});
