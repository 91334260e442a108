import { allOf, leaks, rejection } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'frst-9Kx2-7bqw';
const LOST = 'l0st-4Hn8-2zty';
const ADMIN = 'xk83-Qmw71-plv';

describe.each([18, 15])('a single user with an administrator, on PostgreSQL %i', (major) => {
  /** To change a role and to grant it, but not to act as it. */
  const LEAST = major === 15 ? 'ADMIN OPTION' : 'ADMIN TRUE, INHERIT FALSE, SET FALSE';

  let server: TestServer;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer({
      ...(major === 15 && { major }),
      hba: 'host all outlaw 127.0.0.1/32 reject',
      settings: {
        log_statement: 'all',
        log_line_prefix: '%u ',
        log_connections: major === 15 ? 'on' : 'all',
      },
    });
    await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  });

  afterAll(() => server.stop());

  async function role(attributes = '', name = `app_${++count}`): Promise<string> {
    await server.sql(`CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}' ${attributes}`);
    await server.sql(`GRANT "${name}" TO admin WITH ${LEAST}`);
    return name;
  }

  function rig(app: string, password = FIRST, options: Parameters<typeof postgresRig>[1] = {}) {
    return postgresRig(server.secret(app, password, { masterarn: 'admin' }), {
      administrator: server.secret('admin', ADMIN),
      ...options,
    });
  }

  type Rig = Awaited<ReturnType<typeof rig>>;

  /** What setSecret throws; the role's password is what it was. */
  async function refusal({ begin, deliver, password }: Rig, app: string): Promise<unknown> {
    await begin();
    await deliver('createSecret');
    const before = await server.verifierOf(app);
    const error = await rejection(deliver('setSecret'));
    expect(await server.verifierOf(app)).toBe(before);
    for (const secret of [FIRST, LOST, ADMIN, await password('AWSPENDING')]) {
      expect(leaks(allOf(error), secret)).toBeUndefined();
    }
    return error;
  }

  function loginsSince(at: number): readonly string[] {
    const logins = server
      .log()
      .slice(at)
      .matchAll(/connection authorized: user=(\S+)/g);
    return [...logins].map(([, user = '']) => user);
  }

  test('the administrator sets the password, after AWSCURRENT has logged in', async () => {
    const app = await role();
    const { begin, rotation, password } = await rig(app);
    for (let n = 0; n < 3; n++) {
      const old = await password('AWSCURRENT');
      await begin();
      const logged = server.log().length;
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      expect(loginsSince(logged)).toEqual([app, 'admin', app]);
      const changes = server
        .log()
        .slice(logged)
        .match(/^\S+ LOG: {2}statement: ALTER ROLE/gm);
      expect(changes).toEqual(['admin LOG:  statement: ALTER ROLE']);
      expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
      expect(await server.accepts(app, old)).toBe(false);
    }
  });

  test('a repetition goes on where AWSPENDING is set already', async () => {
    const app = await role();
    const { begin, deliver, rotation, password } = await rig(app);
    await begin();
    for (const step of ['createSecret', 'setSecret', 'setSecret'] as const) await deliver(step);
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
  });

  test('AWSPREVIOUS of the same user proves enough', async () => {
    const app = await role();
    const { begin, rotation, secrets, password } = await rig(app);
    // Somebody has stored a value that the server does not take.
    await secrets.putSecretValue({
      SecretId: 'db',
      SecretString: server.secret(app, LOST, { masterarn: 'admin' }),
    });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
  });

  describe('a lost password', () => {
    test('is not reset for a user that the function does not name', async () => {
      const app = await role();
      expect(await refusal(await rig(app, LOST, { mayReset: ['another'] }), app)).toMatchObject({
        code: 'ERR_CREDENTIAL_REJECTED',
        hint: expect.stringContaining('`mayReset`'),
      });
    });

    test('is reset for one that it names', async () => {
      const app = await role();
      const { begin, rotation, password } = await rig(app, LOST, { mayReset: [app] });
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
    });

    test.each([
      ['a superuser', 'SUPERUSER', ''],
      ['a role with CREATEROLE', 'CREATEROLE', ''],
      ['a member of rds_superuser', '', 'rds_superuser'],
      ['a member of a superuser’s role', '', 'boss'],
    ])('is never reset for %s', async (_, attributes, group) => {
      const app = await role(attributes);
      if (group) {
        await server.sql(
          `DROP ROLE IF EXISTS "${group}"; CREATE ROLE "${group}" ${group === 'boss' ? 'SUPERUSER' : ''}`,
        );
        await server.sql(`GRANT "${group}" TO "${app}"`);
      }
      expect(await refusal(await rig(app, LOST, { mayReset: [app] }), app)).toMatchObject({
        code: 'ERR_RIGHTS_MISSING',
        hint: expect.stringContaining('by hand'),
      });
    });

    test('is never reset for the administrator', async () => {
      const secret = { administrator: server.secret('admin', ADMIN), mayReset: ['admin'] };
      const rigged = await postgresRig(server.secret('admin', LOST, { masterarn: 'admin' }), secret);
      expect(await refusal(rigged, 'admin')).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    });

    test.each([[[]], [['nobody_at_all']]])(
      'of a role that does not exist is told as that, with mayReset %j',
      async (mayReset) => {
        const { begin, deliver } = await rig('nobody_at_all', LOST, { mayReset });
        await begin();
        await deliver('createSecret');
        expect(await rejection(deliver('setSecret'))).toMatchObject({
          code: 'ERR_USER_MISSING',
          message: 'there is no role "nobody_at_all"',
        });
      },
    );

    test('is no lost password if the server refuses the user for another reason', async () => {
      const app = await role('', 'outlaw');
      expect(await refusal(await rig(app, LOST, { mayReset: [app] }), app)).toMatchObject({
        code: 'ERR_LOGIN_NOT_ALLOWED',
      });
    });
  });

  test('an administrator without the right is told which one', async () => {
    const app = `app_${++count}`;
    await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
    await server.sql(`DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN PASSWORD '${ADMIN}'`);
    const rigged = await rig(app, FIRST, { administrator: server.secret('clerk', ADMIN) });
    expect(await refusal(rigged, app)).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringContaining(`the administrator "clerk" may not change the password of "${app}"`),
      hint: expect.stringContaining(`GRANT "${app}" TO "clerk" WITH ${LEAST}`),
    });
  });

  test('a server that refuses the administrator leaves the user as it was', async () => {
    const app = await role();
    const rigged = await rig(app, FIRST, { administrator: server.secret('admin', LOST) });
    expect(await refusal(rigged, app)).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('nothing was changed'),
    });
    expect(await server.accepts(app, FIRST)).toBe(true);
  });
});
