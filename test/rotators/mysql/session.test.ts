import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { userInfo } from 'node:os';
import { toFailure } from '../../../rotators/mysql/failures.js';
import type { Session } from '../../../rotators/mysql/session.js';
import { methodsOf } from '../../../rotators/mysql/show-create-user.js';
import { accountName, identifier, quotedLiteral, stringLiteral } from '../../../rotators/mysql/sql.js';
import { quoted } from '../../../src/index.js';
import { publicKeyOf } from '../../support/mysql-contract.js';
import { endOf, inSession, type LoginChanges, logIn } from '../../support/mysql-login.js';
import { describeServers } from '../../support/mysql-programs.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { certificate } from '../../support/postgres.js';

const FIRST = 'first-password-1';

/** Settings that change what statements mean. */
const ODD = ['--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT', '--character-set-server=latin1'];

describeServers('a session', (program, test) => {
  let server: TestServer;
  const app = (work: (session: Session) => Promise<unknown>, changes?: LoginChanges) =>
    inSession(server, ['app', FIRST], work, changes);

  beforeAll(async () => {
    server = await startTestServer(program, { logs: true, flags: ODD });
    await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}'`);
  });
  afterAll(() => server.stop());

  test('is over TLS, and says whose it is and with which server', async () => {
    await app(async (session) => {
      expect(session).toMatchObject({
        account: { user: 'app', host: '%' },
        way: 'direct',
        flavour: program.flavour,
      });
      expect(session.version).toContain(program.version);
      const [row] = await session.query("SHOW STATUS LIKE 'Ssl_version'");
      expect(row?.Value).toMatch(/^TLSv1\.[23]$/);
    });
  });

  test('is not encrypted with "ssl": false, and then not checked either', async () => {
    await app(() => Promise.resolve());
    await app(
      async (session) => {
        const [row] = await session.query("SHOW STATUS LIKE 'Ssl_version'");
        expect(row?.Value).toBe('');
      },
      { ssl: false, host: '127.0.0.1' },
    );
  });

  test('of an account for one host is that of this account', async () => {
    await server.sql(`CREATE USER near@'127.0.0.1' IDENTIFIED BY '${FIRST}'`);
    const account = await inSession(server, ['near', FIRST], (session) => Promise.resolve(session.account));
    expect(account).toEqual({ user: 'near', host: '127.0.0.1' });
  });

  test('is had over a Unix socket without TLS', async () => {
    await app(() => Promise.resolve(), { host: server.socketPath });
  });

  test('is refused with a wrong password, with an empty one at the server, and to nobody', async () => {
    await server.sql("CREATE USER without_password IDENTIFIED BY ''");
    expect(await endOf(server, 'app', 'wrong-password')).toBe('rejected');
    expect(await endOf(server, 'without_password', FIRST)).toBe('rejected');
    expect(await endOf(server, 'nobody_at_all', FIRST)).toBe('rejected');
  });

  test('is refused to users that are not there, with TLS, and without it with the server’s key: to MySQL they are of any plugin', async () => {
    const serverPublicKey = await publicKeyOf(server);
    for (const changes of [{}, { ssl: false, serverPublicKey }]) {
      for (let n = 0; n < 16; n++)
        expect(await endOf(server, `nobody_${n}`, FIRST, changes)).toBe('rejected');
    }
  });

  test('of another user than the one who logs in proves nothing', async () => {
    await server.sql(
      `CREATE USER shadowed IDENTIFIED BY '${FIRST}'; CREATE USER ''@'127.0.0.1' IDENTIFIED BY '${FIRST}'`,
    );
    const end = await endOf(server, 'shadowed', FIRST);
    await server.sql("DROP USER ''@'127.0.0.1'");
    expect(end).toMatchObject({
      code: 'ERR_CREDENTIAL_UNPROVEN',
      message: expect.stringContaining(`as "${quoted('@127.0.0.1')}"`),
      hint: expect.stringContaining('DROP USER'),
    });
  });

  for (const [why, changes, code] of [
    ['from an authority that is not known', { ca: undefined }, 'ERR_TLS_NOT_TRUSTED'],
    ['for another name than the host’s', { host: '127.0.0.1' }, 'ERR_TLS_WRONG_NAME'],
    ['for another name than it must be for', { servername: 'elsewhere.example' }, 'ERR_TLS_WRONG_NAME'],
    ['for another address than it must be for', { servername: '127.0.0.2' }, 'ERR_TLS_WRONG_NAME'],
  ] as const) {
    test(`is not begun if the certificate is ${why}: nothing of a login is sent`, async () => {
      const { port, seen, close } = await overheard(server.port);
      const end = await endOf(server, 'app', FIRST, { port, ...changes });
      close();
      expect(end).toMatchObject({ code, hint: expect.stringContaining('certificate') });
      expect(packetsOf(seen())).toBe(1);
    });
  }

  test('is begun with a name that is given for the certificate', async () => {
    expect(await endOf(server, 'app', FIRST, { host: '127.0.0.1', servername: 'localhost' })).toBe('in');
  });

  test('needs a client’s certificate if the account does, and shows it', async () => {
    await server.sql(`CREATE USER wary IDENTIFIED BY '${FIRST}' REQUIRE X509`);
    const [cert, key] = await Promise.all([certificate('client.pem'), certificate('client.key')]);
    expect(await endOf(server, 'wary', FIRST)).toBe('rejected');
    expect(await endOf(server, 'wary', FIRST, { clientCertificate: { cert, key } })).toBe('in');
  });

  test('reads and writes strings and names as they are, whatever the server is set to', async () => {
    const text = `pä'ss\\"w☃rd\`;--`;
    await app(async (session) => {
      const [row] = await session.query(
        `SELECT ${quotedLiteral(text)} AS ${identifier('a`"b')}, ${stringLiteral(text)} AS b, ${stringLiteral('')} AS c`,
      );
      expect(row).toEqual({ 'a`"b': text, b: text, c: '' });
    });
  });

  test('names its account as it is, whatever is in the name', async () => {
    const user = 'o\'b`r\\i"e n@d';
    await server.sql(`CREATE USER ${accountName({ user, host: '%' })} IDENTIFIED BY '${FIRST}'`);
    await inSession(server, [user, FIRST], async (session) => {
      expect(session.account).toEqual({ user, host: '%' });
      const [row] = await session.query('SHOW CREATE USER CURRENT_USER()');
      expect(methodsOf(String(Object.values(row ?? {})[0]))).toHaveLength(1);
    });
    await server.sql(`DROP USER ${accountName({ user, host: '%' })}`);
    for (const name of ['a\0b', 'a\nb', '\u{1f600}'])
      expect(() => identifier(name)).toThrow('a name has characters that no server allows');
  });

  test('tells the server nothing of the driver or the machine', async () => {
    await app(async (session) => {
      const rows = await session.query(
        'SELECT ATTR_NAME AS name, ATTR_VALUE AS value FROM performance_schema.session_account_connect_attrs',
      );
      expect(rows).toEqual([{ name: 'program_name', value: 'quarterturn' }]);
    });
  });

  test('runs one statement at a time, and fetches no file for the server', async () => {
    await app(async (session) => {
      await expect(session.query('SELECT 1; SELECT 2')).rejects.toMatchObject({ errno: 1064 });
      await server.sql(
        'SET GLOBAL local_infile = ON; CREATE DATABASE files; CREATE TABLE files.lines (line TEXT)',
      );
      await server.sql('GRANT ALL ON files.* TO app');
      const load = session.query("LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE files.lines");
      await expect(load).rejects.toMatchObject({ errno: expect.any(Number) });
    });
  });

  test('says of a statement that fails its number, and nothing of the statement', async () => {
    await app(async (session) => {
      const error = await session.query(`SELEC '${FIRST}'`).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ errno: 1064 });
      expect(JSON.stringify([error, String(error), Object.entries(error ?? {})])).not.toContain(FIRST);
      expect(await session.query('DO 1')).toEqual([]);
    });
  });

  test('ends at an answer that is longer than any is', async () => {
    await app(async (session) => {
      await expect(session.query("SELECT REPEAT('x', 2000000)")).rejects.toThrow();
      expect(() => session.assertOpen()).toThrow();
      await expect(session.query('SELECT 1')).rejects.toThrow();
    });
  });

  test('ends when a statement takes too long, and when the step’s time is up', async () => {
    const began = Date.now();
    await app((session) => expect(session.query('SELECT SLEEP(20)')).rejects.toThrow(), { limitMs: 1000 });
    const step = new AbortController();
    setTimeout(() => step.abort(), 500);
    await app(
      async (session) => {
        await expect(session.query('SELECT SLEEP(20)')).rejects.toMatchObject({ code: 'ETIMEDOUT' });
        expect(() => session.assertOpen()).toThrow();
      },
      { signal: step.signal },
    );
    expect(Date.now() - began).toBeLessThan(5000);
  });

  test('that somebody has ended says so at the next statement', async () => {
    await app(async (session) => {
      const [row] = await session.query('SELECT CONNECTION_ID() AS id');
      await server.sql(`KILL ${String(row?.id)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      await expect(session.query('SELECT 1')).rejects.toThrow();
      expect(() => session.assertOpen()).toThrow();
    });
  });

  test('that the server has ended for waiting too long is told as that, and nothing is printed', async () => {
    const printed = jest.spyOn(console, 'error');
    await app(async (session) => {
      await session.query('SET SESSION wait_timeout = 1');
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const failure = toFailure(
        await session.query('SELECT 1').catch((error: unknown) => error),
        'ask',
        session,
      );
      // MariaDB hangs up without a word.
      expect(failure.code).toBe(
        program.flavour === 'mysql' ? 'ERR_SERVICE_TIMEOUT' : 'ERR_SERVICE_UNREACHABLE',
      );
    });
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  test('has a statement that waits for a lock end on the server, before it is given up', async () => {
    await server.sql(`CREATE USER waits IDENTIFIED BY '${FIRST}'`);
    const change =
      program.flavour === 'mysql'
        ? "ALTER USER CURRENT_USER() IDENTIFIED BY 'another-one'"
        : "SET PASSWORD = ''";
    const end = await inSession(
      server,
      ['waits', FIRST],
      async (session) => {
        await server.sql('FLUSH TABLES WITH READ LOCK');
        return session.query(change).catch((error: unknown) => error);
      },
      { limitMs: 3000 },
    );
    expect(end).toMatchObject({ errno: program.flavour === 'mysql' ? 1205 : 1969 });
    await server.sql('UNLOCK TABLES');
    expect(await endOf(server, 'waits', FIRST)).toBe('in');
  });

  test('leaves no connection open', async () => {
    await app(() => Promise.resolve());
    for (const password of ['wrong-password', FIRST]) await endOf(server, 'app', password);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const rows = await server.sql(
      "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'app' AND COMMAND = 'Sleep'",
    );
    expect(rows).toEqual([]);
  });
});

describeServers('a server without TLS', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program, { tls: false });
    await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}'`);
  });
  afterAll(() => server.stop());

  test('is given nothing: nothing falls back to plaintext', async () => {
    const { port, seen, close } = await overheard(server.port);
    const end = await endOf(server, 'app', FIRST, { port });
    close();
    expect(end).toMatchObject({ code: 'ERR_TLS_NOT_OFFERED', hint: expect.stringContaining('"ssl": false') });
    expect(seen()).toEqual(Buffer.alloc(0));
  });

  if (program.flavour === 'mysql') {
    test('that has the password in no cache does not get it, nor under a key of RSA', async () => {
      const { port, seen, close } = await overheard(server.port);
      const end = await logIn(server, 'app', FIRST, { port, ssl: false });
      close();
      // Returned, not thrown: another password may be in the cache.
      expect(end).toMatchObject({ code: 'ERR_TLS_NOT_OFFERED', hint: expect.stringContaining('cache') });
      // The login, and the answer to the request for caching_sha2_password: no third packet asks for a key.
      expect(packetsOf(seen())).toBe(2);
      expect(seen().includes(FIRST)).toBe(false);
    });

    test('asks so for a user that is not there, too, and the hint says that', async () => {
      // MySQL chooses a plugin for each name that it does not know.
      for (const name of ['gone_1', 'gone_2', 'gone_3', 'gone_4', 'gone_5', 'gone_6']) {
        const end = await endOf(server, name, FIRST, { ssl: false });
        if (end !== 'rejected')
          expect(end).toMatchObject({
            code: 'ERR_TLS_NOT_OFFERED',
            hint: expect.stringContaining('a user that does not exist'),
          });
      }
    });
  }
});

describeServers(
  'a server that asks nobody for passwords',
  (program, test) => {
    test('proves nothing', async () => {
      const server = await startTestServer(program, { flags: ['--skip-grant-tables'] });
      const end = await endOf(server, 'app', FIRST);
      await server.stop();
      expect(end).toMatchObject({
        code: 'ERR_CREDENTIAL_UNPROVEN',
        hint: expect.stringContaining('skip-grant-tables'),
      });
    });
  },
  // MySQL takes no connections then.
  (flavour) => flavour === 'mariadb',
);

describeServers('an account of the machine’s own user', (program, test) => {
  test('proves nothing over the Unix socket, whatever the password', async () => {
    const isMysql = program.flavour === 'mysql';
    const server = await startTestServer(
      program,
      isMysql ? { flags: ['--plugin-load-add=auth_socket.so'] } : {},
    );
    const { username } = userInfo();
    const plugin = isMysql ? 'WITH auth_socket' : 'VIA unix_socket OR mysql_native_password';
    await server.sql(`CREATE USER IF NOT EXISTS ${username}@localhost`);
    await server.sql(`ALTER USER ${username}@localhost IDENTIFIED ${plugin}`);
    const end = await endOf(server, username, FIRST, { host: server.socketPath });
    await server.stop();
    expect(end).toMatchObject({ code: 'ERR_CREDENTIAL_UNPROVEN', hint: expect.stringContaining('socket') });
  });
});

/** A way to a server, and what a client has sent on it. */
async function overheard(target: number) {
  const chunks: Buffer[] = [];
  const proxy = createServer((client) => {
    const service = connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [client, service],
      [service, client],
    ] as const) {
      socket.on('error', () => {}).once('close', () => other.destroy());
    }
    client.on('data', (data) => {
      chunks.push(data);
      service.write(data);
    });
    service.pipe(client);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  return { port, seen: () => Buffer.concat(chunks), close: () => void proxy.close() };
}

/** How many packets of MySQL's stand there before something else does. */
function packetsOf(data: Buffer): number {
  let count = 0;
  for (let at = 0; at + 4 <= data.length && data[at + 3] === 2 * count + 1; at += 4 + data.readUIntLE(at, 3))
    count++;
  return count;
}
