import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { alternatingUsers, postgres } from '../../../rotators/postgres/index.js';
import { rotatorContract } from '../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';

let server: TestServer;
let proxy: Proxy;
let count = 0;

/** The way to the server, which can be cut. */
interface Proxy {
  port: number;
  isCut: boolean;
  server: Server;
}

async function startProxy(target: number): Promise<Proxy> {
  const listener = createServer((client: Socket) => {
    if (proxy.isCut) return client.destroy();
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) socket.on('error', () => {});
    return client.pipe(upstream).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return { port: address.port, isCut: false, server: listener };
}

beforeAll(async () => {
  server = await startTestServer();
  await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
  proxy = await startProxy(server.port);
});

afterAll(async () => {
  proxy.server.close();
  await server.stop();
});

async function reset(more: object = {}) {
  proxy.isCut = false;
  const app = `app_${++count}`;
  await server.sql(
    `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
  );
  return JSON.parse(server.secret(app, FIRST, { port: proxy.port, ...more }));
}

const service = {
  accepts: ({ username, password }: Record<string, unknown>) =>
    server.accepts(String(username), String(password)),
  unplug() {
    proxy.isCut = true;
  },
};

const withAdministrator = {
  reset: () => reset({ masterarn: 'admin' }),
  others: () => ({ admin: JSON.parse(server.secret('admin', ADMIN, { port: proxy.port })) }),
};

test.each(rotatorContract({ rotator: postgres({ timeoutMs: 2000 }), reset, ...service }))(
  'postgres() $name',
  ({ run }) => run(),
);

test.each(rotatorContract({ rotator: postgres({ timeoutMs: 2000 }), ...withAdministrator, ...service }))(
  'postgres() with an administrator $name',
  ({ run }) => run(),
);

test.each(
  rotatorContract({ rotator: alternatingUsers({ timeoutMs: 2000 }), ...withAdministrator, ...service }),
)('alternatingUsers() $name', ({ run }) => run());
