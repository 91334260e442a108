import { Client } from 'pg';
import { leaks, rejection } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer({
    settings: {
      log_statement: 'all',
      log_min_duration_statement: '0',
      // passwordcheck refuses a verifier of the user's own name.
      shared_preload_libraries: 'pg_stat_statements,passwordcheck',
      'pg_stat_statements.track': 'all',
      'pg_stat_statements.track_utility': 'on',
    },
  });
  await server.sql('CREATE EXTENSION pg_stat_statements');
});

afterAll(() => server.stop());

const STRATEGIES = {
  'a single user': (secret: string) => postgresRig(secret, { timeoutMs: 1000 }),
  'a single user with an administrator': (secret: string) =>
    postgresRig(secret, { administrator: server.secret(`admin_${count}`, ADMIN) }),
  'alternating users': (secret: string) =>
    postgresRig(secret, { administrator: server.secret(`admin_${count}`, ADMIN), pairs: {} }),
};

test.each(Object.entries(STRATEGIES))(
  'no password, old, new or the administrator’s, is in what the server logs and shows: %s',
  async (strategy, rig) => {
    const app = `app_${++count}`;
    const admin = `admin_${count}`;
    const silently = (sql: string) =>
      server.sql(`SET log_statement = 'none'; SET log_min_duration_statement = -1; ${sql}`);
    await silently(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
    await silently(`CREATE ROLE "${admin}" LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
    await server.sql(
      `GRANT "${app}" TO "${admin}" WITH ADMIN OPTION; ALTER ROLE "${app}" SET work_mem = '9MB'`,
    );
    await server.sql('SELECT pg_stat_statements_reset()');
    const logged = server.log().length;
    const more = strategy === 'a single user' ? {} : { masterarn: 'admin' };
    const { begin, deliver, rotation, password } = await rig(server.secret(app, FIRST, more));
    const activity = watchActivity();

    await begin();
    await deliver('createSecret');
    const failed = await withTheRoleLocked(strategy === 'alternating users' ? undefined : app, async () => {
      await server.sql(`ALTER ROLE "${admin}" NOCREATEROLE`);
      return rejection(deliver('setSecret'));
    });
    expect(failed).toBeDefined();
    await server.sql(`ALTER ROLE "${admin}" CREATEROLE`);
    expect(await rotation().reattempt()).toMatchObject({ outcome: 'succeeded' });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });

    const shown = await activity.end();
    const log = server.log().slice(logged);
    const statements = JSON.stringify(await server.sql('SELECT query FROM pg_stat_statements'));
    expect(log).toMatch(/STATEMENT: .*ROLE .*PASSWORD 'SCRAM-SHA-256/);
    expect(statements).toMatch(/ROLE .*PASSWORD/);
    for (const secret of [FIRST, ADMIN, await password('AWSPREVIOUS'), await password('AWSCURRENT')]) {
      for (const text of [log, statements, shown]) expect(leaks(text, secret)).toBeUndefined();
    }
  },
);

/** Makes statements that change a role fail meanwhile: those that wait for it longest, too. */
async function withTheRoleLocked<T>(role: string | undefined, work: () => Promise<T>): Promise<T> {
  if (role === undefined) return work();
  const { host, port, password } = server;
  const blocker = new Client({ host, port, user: 'postgres', password, database: 'postgres', ssl: false });
  await blocker.connect();
  await blocker.query(`BEGIN; ALTER ROLE "${role}" CONNECTION LIMIT -1`);
  try {
    return await work();
  } finally {
    await blocker.query('ROLLBACK');
    await blocker.end();
  }
}

/** Looks again and again at what the sessions of the server are doing. */
function watchActivity() {
  let isOver = false;
  const seen = new Set<string>();
  const watching = (async () => {
    const { host, port, password } = server;
    const client = new Client({ host, port, user: 'postgres', password, database: 'postgres', ssl: false });
    await client.connect();
    await client.query("SET log_statement = 'none'; SET log_min_duration_statement = -1");
    while (!isOver) {
      const { rows } = await client.query(
        "SELECT query FROM pg_stat_activity WHERE application_name = 'quarterturn'",
      );
      for (const { query } of rows) seen.add(query);
    }
    await client.end();
  })();
  return {
    async end(): Promise<string> {
      isOver = true;
      await watching;
      expect(seen.size).toBeGreaterThan(0);
      return [...seen].join('\n');
    },
  };
}
