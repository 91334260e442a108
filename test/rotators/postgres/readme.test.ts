import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const README = readFileSync(join(__dirname, '../../../rotators/postgres/README.md'), 'utf8');
const [USER = '', ADMINISTRATOR = '', GRANT = '', ...OTHERS] = [
  ...README.matchAll(/```sql\n([\s\S]*?)```/g),
].map(([, sql]) => sql ?? '');
const FIRST = 'frst-9Kx2-7bqw';

describe.each([18, 15])('the users that the README makes, on PostgreSQL %i,', (major) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer(major === 15 ? { major } : {});
    await server.sql(USER + ADMINISTRATOR + (major >= 16 ? GRANT : ''));
    expect(OTHERS).toEqual([]);
  });

  beforeEach(() => server.sql(`ALTER ROLE app PASSWORD '${FIRST}'; ALTER ROLE rotator PASSWORD '${FIRST}'`));

  afterAll(() => server.stop());

  test.each([
    ['a single user', {}, {}],
    ['a single user with an administrator', { masterarn: 'admin' }, {}],
    ['a lost password', { masterarn: 'admin', password: 'l0st-4Hn8-2zty' }, { mayReset: ['app'] }],
    ['alternating users', { masterarn: 'admin' }, { pairs: {} }],
  ])('have the rights for %s', async (_, more, options) => {
    const administrator = server.secret('rotator', FIRST);
    const { begin, rotation, text } = await postgresRig(server.secret('app', FIRST, more), {
      administrator,
      ...options,
    });
    for (let n = 0; n < 3; n++) {
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      const { username, password } = JSON.parse(await text('AWSCURRENT'));
      expect(await server.accepts(username, password)).toBe(true);
    }
  });
});
