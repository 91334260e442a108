import { rig } from '../../src/testing/index.js';
import { RedisServer } from '../support/redis-server.js';
import { redis } from './redis.js';

// What the contract cannot see of the guide's rotator.

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'adm-4Hn8-2zty';
let server: RedisServer;

beforeAll(async () => {
  server = await RedisServer.start();
});
beforeEach(() => {
  server.reset(ADMIN);
  server.setUser('app', 'on', `>${FIRST}`, '+ping');
});
afterAll(() => server.stop());

const secretOf = (username: string, password: string, more: object = {}) => ({
  ...{ host: '127.0.0.1', port: server.port, username, password, ssl: false, ...more },
});

const rigged = (administrator: object = {}, more: object = {}) =>
  rig(redis(), {
    secret: secretOf('app', FIRST, { masterarn: 'redis/admin', ...more }),
    others: { 'redis/admin': secretOf('default', ADMIN, administrator) },
  });

test('what is set outlives the server, and rights are as they were', async () => {
  const { rotate, value, warnings } = await rigged();
  const may = new Set(server.users.get('app')?.may);
  for (let rotation = 1; rotation <= 2; rotation++) {
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  }
  server.restart();
  const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
  expect([FIRST, previous.password, current.password].map((it) => server.accepts('app', it))).toEqual([
    false,
    true,
    true,
  ]);
  expect(server.users.get('app')?.may).toEqual(may);
  expect(server.accepts('default', ADMIN)).toBe(true);
  expect(warnings()).toEqual([]);
});

test.each([
  ['of another server', { port: 16379 }, {}, 'ERR_SECRET_MALFORMED'],
  ['that is the user itself', { username: 'app', password: FIRST }, {}, 'ERR_SECRET_MALFORMED'],
  ['whose password is refused', { password: 'another-one' }, {}, 'ERR_CREDENTIAL_REJECTED'],
  ['of a user whose password is refused', {}, { password: 'another-one' }, 'ERR_CREDENTIAL_REJECTED'],
])('an administrator %s changes nothing', async (_, administrator, more, code) => {
  const before = structuredClone(server.users);
  const { rotate, value } = await rigged(administrator, more);
  const { outcome, steps } = await rotate();
  expect(outcome).toBe('failed');
  expect(steps.at(-1)).toMatchObject({ step: 'setSecret', error: { code } });
  expect(server.users).toEqual(before);
  const { password } = await value('AWSPENDING');
  expect(server.accepts('app', password)).toBe(false);
});
