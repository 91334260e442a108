import { randomUUID } from 'node:crypto';
import { type ContractSubject, lineTo, type TcpLine } from '../../src/testing/index.js';
import { RedisServer } from '../support/redis-server.js';

const FIRST = 'first-password-1';

/** Starts a Redis server and a line to it, for one file of tests. */
export function redisSubject(): Omit<ContractSubject<object, never>, 'rotator'> {
  let server: RedisServer;
  let line: TcpLine;
  let administrator: object;

  beforeAll(async () => {
    server = await RedisServer.start();
    line = await lineTo(server.port);
  });
  afterAll(async () => {
    await line.close();
    await server.stop();
  });

  // The line's host and port, not the server's: so all that the rotator sends goes over the line.
  const secretOf = (username: string, password: string) => {
    return { host: line.host, port: line.port, username, password, ssl: false };
  };

  return {
    reset() {
      server.reset();
      // Another password each time: so the contract sees whether the rotator keeps an old one.
      const password = `adm-${randomUUID()}`;
      administrator = secretOf('admin', password);
      server.setUser('admin', 'on', `>${password}`, '+@all');
      server.setUser('app', 'on', `>${FIRST}`, '+ping');
      return { ...secretOf('app', FIRST), masterarn: 'redis/admin' };
    },
    others: () => ({ 'redis/admin': { ...administrator } }),
    // Asks the server itself, past the rotator, and past the line, which may be cut at this moment.
    accepts: ({ username, password }) => server.accepts(username, password),
    line: () => line,
    credentials: () => server.users.get('app')?.passwords.size ?? 0,
    overlaps: true,
  };
}
