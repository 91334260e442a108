import { randomUUID } from 'node:crypto';
import { type ContractSubject, lineTo, type TcpLine } from '../../src/testing/index.js';
import { RedisServer } from '../support/redis-server.js';

const FIRST = 'first-password-1';

/** What rotators of Redis users are tried on, in a file of tests: a server in this process, and a line to it. */
export function redisSubject(): Omit<ContractSubject<object, never>, 'rotator'> {
  let server: RedisServer;
  let line: TcpLine;
  let administrator: { readonly password: string };

  beforeAll(async () => {
    server = await RedisServer.start();
    line = await lineTo(server.port);
  });

  afterAll(async () => {
    await line.close();
    await server.stop();
  });

  const secretOf = (username: string, password: string) => ({
    ...{ host: line.host, port: line.port, username, password, ssl: false },
  });

  return {
    reset() {
      server.reset();
      administrator = { ...secretOf('admin', `adm-${randomUUID()}`) };
      server.setUser('admin', 'on', `>${administrator.password}`, '+@all');
      server.setUser('app', 'on', `>${FIRST}`, '+ping');
      return { ...secretOf('app', FIRST), masterarn: 'redis/admin' };
    },
    others: () => ({ 'redis/admin': { ...administrator } }),
    accepts: ({ username, password }) => server.accepts(username, password),
    line: () => line,
    credentials: () => server.users.get('app')?.passwords.size ?? 0,
    overlaps: true,
  };
}
