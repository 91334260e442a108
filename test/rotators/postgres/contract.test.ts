import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { postgres } from '../../../rotators/postgres/index.js';
import { rotatorContract } from '../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';

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
  proxy = await startProxy(server.port);
});

afterAll(async () => {
  proxy.server.close();
  await server.stop();
});

test.each(
  rotatorContract({
    rotator: postgres({ timeoutMs: 2000 }),
    async reset() {
      proxy.isCut = false;
      const app = `app_${++count}`;
      await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
      return JSON.parse(server.secret(app, FIRST, { port: proxy.port }));
    },
    accepts: ({ username, password }) => server.accepts(String(username), String(password)),
    unplug() {
      proxy.isCut = true;
    },
  }),
)('the Postgres rotator $name', ({ run }) => run());
