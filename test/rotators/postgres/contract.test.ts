import { alternatingUsers, postgres } from '../../../rotators/postgres/index.js';
import { type Line, lineTo, rotatorContract } from '../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';

describe.each([18, 15])('on PostgreSQL %i,', (major) => {
  let server: TestServer;
  let line: Line;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer(major === 15 ? { major } : {});
    await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
    line = await lineTo(server.port);
  });

  afterAll(async () => {
    await line.close();
    await server.stop();
  });

  async function reset(more: object = {}) {
    line.mend();
    const app = `app_${++count}`;
    await server.sql(
      `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
    );
    return JSON.parse(server.secret(app, FIRST, { port: line.port, ...more }));
  }

  const service = {
    accepts: ({ username, password }: Record<string, unknown>) =>
      server.accepts(String(username), String(password)),
    unplug: () => line.cut(),
  };

  const withAdministrator = {
    reset: () => reset({ masterarn: 'admin' }),
    others: () => ({ admin: JSON.parse(server.secret('admin', ADMIN, { port: line.port })) }),
  };

  /** The other major's server answers alike, message by message; so does an administrator of a single user. */
  const breaking = { line: () => (major === 18 ? line : undefined) };

  test.each(rotatorContract({ rotator: postgres({ timeoutMs: 2000 }), reset, ...service, ...breaking }))(
    'postgres() $name',
    ({ run }) => run(),
  );

  test.each(rotatorContract({ rotator: postgres({ timeoutMs: 2000 }), ...withAdministrator, ...service }))(
    'postgres() with an administrator $name',
    ({ run }) => run(),
  );

  test.each(
    rotatorContract({
      rotator: alternatingUsers({ timeoutMs: 2000 }),
      ...withAdministrator,
      ...service,
      ...breaking,
    }),
  )('alternatingUsers() $name', ({ run }) => run());
});
