import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { meter } from '../../support/meter.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const PAGE = readFileSync(join(__dirname, '../../../docs/deploy.md'), 'utf8');
const FIRST = 'first-password-1';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ settings: { log_connections: 'on' } });
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${FIRST}'`);
});
afterAll(() => server.stop());

const MOST = { alone: { calls: 12, roundTrips: 7 }, administrator: { calls: 13, roundTrips: 8 } };

test.each([
  ['`postgres()`', 'alone', {}],
  ['`postgres()` with `masterarn`', 'administrator', {}],
  ['`alternatingUsers()`', 'administrator', { pairs: {} }],
] as const)('%s makes the calls and logins of the table in docs/deploy.md', async (title, kind, options) => {
  const app = `app_${title.length}`;
  await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'; GRANT ${app} TO admin WITH ADMIN OPTION`);
  const { counted, client } = meter();
  const isAlone = kind === 'alone';
  const { begin, rotation } = await postgresRig(
    server.secret(app, FIRST, isAlone ? {} : { masterarn: 'admin' }),
    { client, ...options, ...(!isAlone && { administrator: server.secret('admin', FIRST) }) },
  );
  await begin();
  const logged = server.log().length;
  expect((await rotation().run()).outcome).toBe('succeeded');
  const logins = server
    .log()
    .slice(logged)
    .match(/connection authorized/g)?.length;
  const { calls, writes, roundTrips } = counted;
  const row = `| ${title} | ${calls} (${writes}) | ${roundTrips} | ${logins} |`;
  expect(calls).toBeLessThanOrEqual(MOST[kind].calls);
  expect(roundTrips).toBeLessThanOrEqual(MOST[kind].roundTrips);
  expect(PAGE).toContain(`${row}\n`);
});
