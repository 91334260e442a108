import { disturbed } from '../../support/disturbed-server.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(() => server.stop());

/** What a server sends in place of "done": an error with these fields, in a transaction that has failed. */
function refusal(fields: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries({ S: 'ERROR', V: 'ERROR', ...fields }).map(
    ([key, value]) => `${key}${value}\0`,
  );
  const body = Buffer.from(`${text.join('')}\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body, Buffer.from('Z\0\0\0\x05E', 'latin1')]);
}

/** Rotates on a server that refuses ALTER ROLE the first times, and says how often it was sent. */
async function rotate(fields: Readonly<Record<string, string>>, times = 100) {
  let sent = 0;
  const line = await disturbed(server.port, (answer) => {
    if (!answer.includes('ALTER ROLE\0')) return answer;
    sent += 1;
    return sent > times ? answer : refusal(fields);
  });
  const app = `app_${++count}`;
  await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'`);
  const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { port: line.port }));
  await begin();
  await deliver('createSecret');
  const outcome = await deliver('setSecret').then(
    () => undefined,
    (error: unknown) => error,
  );
  await line.close();
  return { outcome, sent, isFirst: await server.accepts(app, FIRST) };
}

test.each([
  { C: 'XX000', M: 'password type is not a plain text', R: 'check_password' },
  { C: 'XX000', M: 'could not open relation with OID 1', R: 'relation_open' },
  { C: 'XX000', M: 'the tuple concurrently updated is not to be had', R: 'check' },
  { C: '23505', M: 'this password was used before', R: 'check_password' },
  {
    C: '23505',
    M: 'duplicate key',
    s: 'public',
    t: 'password_history',
    n: 'history_key',
    R: '_bt_check_unique',
  },
  { C: '42710', M: 'such a password is there already', R: 'check_password' },
])('what no other attempt is the cause of is not tried again: %j', async (fields) => {
  const { outcome, sent, isFirst } = await rotate(fields);
  expect(outcome).toMatchObject({ message: expect.stringContaining(fields.C) });
  expect(sent).toBe(1);
  expect(isFirst).toBe(true);
});

test.each([
  { C: 'XX000', M: 'tuple concurrently updated', R: 'simple_heap_update' },
  { C: 'XX000', M: 'tuple concurrently deleted', R: 'simple_heap_delete' },
  { C: '40P01', M: 'Verklemmung entdeckt', R: 'DeadLockReport' },
  {
    C: '23505',
    M: 'doppelter Schlüssel',
    s: 'pg_catalog',
    t: 'pg_authid',
    n: 'pg_authid_rolname_index',
    R: '_bt_check_unique',
  },
  { C: '42710', M: 'Rolle existiert bereits', R: 'CreateRole' },
])('where another attempt was faster, it is tried again: %j', async (fields) => {
  const { outcome, sent, isFirst } = await rotate(fields, 2);
  expect(outcome).toBeUndefined();
  expect(sent).toBe(3);
  expect(isFirst).toBe(false);
});
