import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { alternatingUsers, postgres } from '../../../rotators/postgres/index.js';
import { rotatorContract } from '../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';

const FIRST = 'first-password-1';
const ADMIN = 'xk83-Qmw71-plv';

/** The way to the server, which can be cut. */
class Route {
  isCut = false;
  readonly #listener: Server;

  constructor(target: number) {
    this.#listener = createServer((client: Socket) => {
      if (this.isCut) return client.destroy();
      const upstream = connect(target, '127.0.0.1');
      for (const socket of [client, upstream]) socket.on('error', () => {});
      return client.pipe(upstream).pipe(client);
    }).listen(0, '127.0.0.1');
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port;
  }

  close(): void {
    this.#listener.close();
  }
}

describe.each([18, 15])('on PostgreSQL %i,', (major) => {
  let server: TestServer;
  let route: Route;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer(major === 15 ? { major } : {});
    await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
    route = new Route(server.port);
  });

  afterAll(async () => {
    route.close();
    await server.stop();
  });

  async function reset(more: object = {}) {
    route.isCut = false;
    const app = `app_${++count}`;
    await server.sql(
      `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
    );
    return JSON.parse(server.secret(app, FIRST, { port: route.port, ...more }));
  }

  const service = {
    accepts: ({ username, password }: Record<string, unknown>) =>
      server.accepts(String(username), String(password)),
    unplug() {
      route.isCut = true;
    },
  };

  const withAdministrator = {
    reset: () => reset({ masterarn: 'admin' }),
    others: () => ({ admin: JSON.parse(server.secret('admin', ADMIN, { port: route.port })) }),
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
});
