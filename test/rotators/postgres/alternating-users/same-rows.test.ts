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

  /** A user with a schema of its own, and a rotator for it and its clone. */
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
    const [, sql = ''] = /A superuser can: (.*?)\. Or/.exec((error as { hint?: string }).hint ?? '') ?? [];
    expect(sql).toContain('app.tenant');
    await server.sql(sql);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await rowsSeen(rigged)).toBe(1);
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
    await server.sql(`SET ROLE ${app}; CREATE TABLE ${app}.t (id int, owner name DEFAULT session_user, CHECK (owner <> session_user OR true));
      CREATE POLICY mine ON ${app}.t USING (owner = session_user);
      CREATE POLICY writes ON ${app}.t FOR INSERT WITH CHECK (owner = session_user);
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
        `view ${app}.v`,
        `function ${app}.f()`,
        `function ${app}.g()`,
      ]) {
        expect(warning).toContain(name);
      }
      expect(warning).not.toContain('same');
    }
    await server.sql(`DROP SCHEMA ${app} CASCADE`);
  });
});
