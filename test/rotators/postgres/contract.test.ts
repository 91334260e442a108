import { alternatingUsers, postgres } from '../../../rotators/postgres/index.js';
import { type Clause, lineTo, rotatorContract, type TcpLine } from '../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';

describe.each([18, 15])('on PostgreSQL %i,', (major) => {
  let server: TestServer;
  let line: TcpLine;
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
    const app = `app_${++count}`;
    await server.sql(
      `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
    );
    return JSON.parse(server.secret(app, FIRST, { port: line.port, ...more }));
  }

  const service = {
    accepts: ({ username, password }: Record<string, unknown>) =>
      server.accepts(String(username), String(password)),
    line: () => line,
  };

  /** The user of the last `reset`, and its clone. */
  const users = async () => {
    const roles = `SELECT FROM pg_roles WHERE rolname IN ('app_${count}', 'app_${count}_clone')`;
    return (await server.sql(roles)).length;
  };

  const withAdministrator = {
    reset: () => reset({ masterarn: 'admin' }),
    others: () => ({ admin: JSON.parse(server.secret('admin', ADMIN, { port: line.port })) }),
  };

  // Message by message the two majors answer alike.
  const tried = (clauses: readonly Clause[]) =>
    clauses.filter(({ name }) => major === 18 || !name.startsWith('starts over when'));

  test.each(tried(rotatorContract({ rotator: () => postgres({ timeoutMs: 2000 }), reset, ...service })))(
    'postgres() $name',
    ({ run }) => run(),
  );

  test.each(
    tried(
      rotatorContract({ rotator: () => postgres({ timeoutMs: 2000 }), ...withAdministrator, ...service }),
    ),
  )('postgres() with an administrator $name', ({ run }) => run());

  test.each(
    tried(
      rotatorContract({
        rotator: () => alternatingUsers({ timeoutMs: 2000 }),
        ...withAdministrator,
        ...service,
        credentials: users,
        overlaps: true,
      }),
    ),
  )('alternatingUsers() $name', ({ run }) => run());
});
