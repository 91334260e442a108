import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DisturbedServer, disturbed } from '../../support/disturbed-server.js';
import { rejection } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';

let server: TestServer;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${FIRST}'`);
});

afterAll(() => server.stop());

const lines: DisturbedServer[] = [];

async function lineToServer(): Promise<DisturbedServer> {
  const line = await disturbed(server.port);
  lines.push(line);
  return line;
}

afterEach(async () => {
  jest.restoreAllMocks();
  for (const line of lines.splice(0)) await line.close();
});

async function role(): Promise<string> {
  const app = `app_${++count}`;
  await server.sql(`CREATE ROLE ${app} LOGIN PASSWORD '${FIRST}'`);
  await server.sql(`GRANT ${app} TO admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`);
  return app;
}

const SETTINGS = [
  "statement_timeout = '1ms'",
  "lock_timeout = '1ms'",
  "idle_in_transaction_session_timeout = '1ms'",
  "transaction_timeout = '1ms'",
  "idle_session_timeout = '1ms'",
  "search_path = 'public, pg_catalog'",
  'standard_conforming_strings = off',
  "default_transaction_isolation = 'serializable'",
  'default_transaction_deferrable = on',
  'default_transaction_read_only = on',
];

test.each(SETTINGS)('a role with %s is rotated', async (setting) => {
  const app = await role();
  await server.sql(`ALTER ROLE ${app} SET ${setting}`);
  const { begin, rotation } = await postgresRig(server.secret(app, FIRST));
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
});

test('users take turns whose settings, and whose administrator’s, are all of these', async () => {
  const app = await role();
  for (const setting of SETTINGS) {
    await server.sql(`ALTER ROLE ${app} SET ${setting}; ALTER ROLE admin SET ${setting}`);
  }
  const { begin, rotation } = await postgresRig(server.secret(app, FIRST, { masterarn: 'admin' }), {
    administrator: server.secret('admin', FIRST),
    pairs: {},
  });
  for (let turn = 0; turn < 3; turn++) {
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  }
  await server.sql('ALTER ROLE admin RESET ALL');
});

test('nothing waits behind a statement that nobody answers', async () => {
  const app = await role();
  const line = await lineToServer();
  const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { port: line.port }), {
    timeoutMs: 1500,
  });
  await begin();
  await deliver('createSecret');
  line.holdBack((message) => message.includes('BEGIN READ WRITE'));
  const before = performance.now();
  expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
  expect(performance.now() - before).toBeLessThan(2700);
  expect(await server.accepts(app, FIRST)).toBe(true);
});

test('a server that stops answering in the middle leaves time to say so before a short step ends', async () => {
  const app = await role();
  const line = await lineToServer();
  const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { port: line.port }), {
    lambdaTimeoutMs: 4000,
  });
  await begin();
  await deliver('createSecret');
  line.holdBack((message) => message.includes('BEGIN READ WRITE'));
  expect(await rejection(deliver('setSecret'))).toMatchObject({
    code: 'ERR_SERVICE_TIMEOUT',
    message: expect.stringContaining('could not change'),
  });
});

describe('a name with several addresses', () => {
  const STARTING = Buffer.from('E\0\0\0\x23SFATAL\0VFATAL\0C57P03\0Mnot yet\0\0');
  /** For documentation: nobody is there. */
  const DEAD = '198.51.100.1';
  const LIVE = '127.0.0.1';

  function named(...addresses: readonly string[]): void {
    jest.spyOn(dns, 'lookup').mockImplementation(((
      _: string,
      __: object,
      answer: (...found: unknown[]) => void,
    ) => {
      setImmediate(
        answer,
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    }) as never);
  }

  test.each([[[DEAD, LIVE]], [[LIVE, DEAD]], [[DEAD, '198.51.100.2', LIVE]]])(
    'of which one answers, is connected to there: %j',
    async (addresses) => {
      const app = await role();
      const { begin, rotation } = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }));
      await begin();
      named(...addresses);
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    },
  );

  test('of which one refuses, is connected to at once at the other', async () => {
    const app = await role();
    const { begin, rotation } = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }));
    await begin();
    named('127.0.0.2', '127.0.0.3', LIVE);
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('of which one takes a second, and one never answers, is connected to at the slow one', async () => {
    const app = await role();
    const rigged = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }));
    await rigged.begin();
    named('127.0.0.2', DEAD);
    const slow = await busyServer('127.0.0.2');
    try {
      const rotation = rigged.rotation().run();
      await sleep(400);
      slow.goOn();
      expect(await rotation).toMatchObject({ outcome: 'succeeded' });
    } finally {
      slow.kill();
    }
  });

  /** Passes all on to the server. Until it goes on, the queue of those that want a connection is full. */
  async function busyServer(host: string) {
    const code = `const { connect, createServer } = require('node:net');
      createServer((client) => {
        const socket = connect(${server.port}, '${LIVE}');
        client.pipe(socket).pipe(client);
        for (const end of [client, socket]) end.on('error', () => {});
      }).listen({ port: ${server.port}, host: '${host}', backlog: 1 }, () => console.log('ready'));`;
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    const queue = Array.from({ length: 8 }, () => connect(server.port, host).on('error', () => {}));
    await sleep(100);
    return {
      goOn: () => {
        for (const socket of queue) socket.destroy();
        child.kill('SIGCONT');
      },
      kill: () => child.kill('SIGKILL'),
    };
  }

  test.each([
    ['says nothing', () => {}],
    ['hangs up', (socket: Socket) => socket.destroy()],
    ['says half of something', (socket: Socket) => void socket.write('E')],
    ['says half of something, and hangs up', (socket: Socket) => void socket.end('E')],
    ['is starting up', (socket: Socket) => void socket.end(STARTING)],
  ])('of which one takes connections and %s, is logged in to at the other', async (_, answer) => {
    const app = await role();
    const open: Socket[] = [];
    const other = createServer((socket) => {
      open.push(socket.on('error', () => {}));
      answer(socket);
    });
    await new Promise<void>((resolve) => other.listen(server.port, '127.0.0.2', resolve));
    try {
      const rigged = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }), {
        timeoutMs: 1000,
      });
      await rigged.begin();
      named('127.0.0.2', LIVE);
      expect(await rigged.rotation().run()).toMatchObject({ outcome: 'succeeded' });
      expect(open.length).toBeGreaterThan(0);
    } finally {
      for (const socket of open) socket.destroy();
      other.close();
    }
  });

  test('of which none answers, is told as that when its time is up', async () => {
    const app = await role();
    const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }), {
      timeoutMs: 1000,
    });
    await begin();
    await deliver('createSecret');
    named(DEAD, '198.51.100.2');
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: expect.stringMatching(/ERR_SERVICE_(TIMEOUT|UNREACHABLE|REFUSED)/),
    });
  });

  test('a look-up that does not end is told as one', async () => {
    const app = await role();
    const { begin, deliver } = await postgresRig(server.secret(app, FIRST, { host: 'db.example.com' }), {
      timeoutMs: 500,
    });
    await begin();
    await deliver('createSecret');
    jest.spyOn(dns, 'lookup').mockImplementation((() => {}) as never);
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_SERVICE_NOT_FOUND',
      message: expect.stringContaining('got no answer from DNS'),
    });
  });
});
