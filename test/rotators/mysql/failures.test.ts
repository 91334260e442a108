import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { toFailure } from '../../../rotators/mysql/failures.js';
import { nativeHash, passwordHash } from '../../../rotators/mysql/hashes.js';
import { hexLiteral } from '../../../rotators/mysql/sql.js';
import { isRotationError, type RotationErrorCode } from '../../../src/index.js';
import { allOf, leaks } from '../../support/errors.js';
import { endOf, inSession, type LoginChanges } from '../../support/mysql-login.js';
import { describeServers } from '../../support/mysql-programs.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';

const FIRST = 'frst-9Kx2-7bqw';
const SECOND = 'scnd-4Tz8-1hvj';
const hash = hexLiteral(passwordHash('caching_sha2_password', SECOND));
const native = nativeHash(SECOND);

/** SQL that makes a login of `app` fail, and what it fails with. */
interface BadLogin {
  readonly name: string;
  readonly sql: string;
  readonly after?: string;
  readonly only?: 'mysql' | 'mariadb';
  readonly login?: LoginChanges;
  readonly code: RotationErrorCode | 'rejected';
  readonly number: string | undefined;
  /** What it ends with if the password is wrong. @default 'rejected' */
  readonly ifWrong?: RotationErrorCode;
}

const LOGINS: readonly BadLogin[] = [
  {
    name: 'a locked account',
    sql: 'ALTER USER app ACCOUNT LOCK',
    code: 'ERR_LOGIN_NOT_ALLOWED',
    number: '3118|4151',
  },
  {
    name: 'an expired password',
    sql: 'ALTER USER app PASSWORD EXPIRE',
    code: 'ERR_LOGIN_NOT_ALLOWED',
    number: '1862|1820',
  },
  {
    name: 'a database that is not there, or not for the user',
    sql: 'CREATE DATABASE IF NOT EXISTS closed',
    login: { dbname: 'closed' },
    code: 'ERR_RIGHTS_MISSING',
    number: '1044',
  },
  {
    name: 'a database that is not there',
    sql: 'GRANT ALL ON *.* TO app',
    login: { dbname: 'nowhere' },
    code: 'ERR_DATABASE_MISSING',
    number: '1049',
  },
  {
    name: 'a user who logs in too often',
    sql: 'ALTER USER app WITH MAX_QUERIES_PER_HOUR 0 MAX_CONNECTIONS_PER_HOUR 1; FLUSH USER_RESOURCES',
    code: 'ERR_SERVICE_FULL',
    number: '1226',
  },
  {
    name: 'a server that wants certificates of clients',
    sql: 'ALTER USER app REQUIRE X509',
    code: 'rejected',
    number: undefined,
  },
  {
    name: 'an init_connect that fails',
    sql: "SET GLOBAL init_connect = 'nonsense'",
    after: "SET GLOBAL init_connect = ''",
    code: 'ERR_SERVICE_FAILED',
    number: '1184',
  },
  {
    name: 'a server in offline mode',
    only: 'mysql',
    sql: 'SET GLOBAL offline_mode = ON',
    after: 'SET GLOBAL offline_mode = OFF',
    code: 'ERR_SERVICE_FAILED',
    number: '3032',
  },
  {
    name: 'an account that is blocked after refused logins',
    only: 'mysql',
    sql: 'ALTER USER app FAILED_LOGIN_ATTEMPTS 1 PASSWORD_LOCK_TIME UNBOUNDED',
    code: 'ERR_LOGIN_NOT_ALLOWED',
    number: '3955',
    ifWrong: 'ERR_LOGIN_NOT_ALLOWED',
  },
  {
    name: 'an account that is blocked after refused logins',
    only: 'mariadb',
    sql: 'SET GLOBAL max_password_errors = 1',
    after: 'SET GLOBAL max_password_errors = 1000; FLUSH PRIVILEGES',
    code: 'ERR_LOGIN_NOT_ALLOWED',
    number: '4150',
    ifWrong: 'ERR_LOGIN_NOT_ALLOWED',
  },
  {
    name: 'an account for a Unix socket',
    only: 'mariadb',
    sql: 'ALTER USER app IDENTIFIED VIA unix_socket',
    code: 'ERR_LOGIN_NOT_ALLOWED',
    number: '1698',
    ifWrong: 'ERR_LOGIN_NOT_ALLOWED',
  },
];

describeServers('a login that fails', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
  });
  afterAll(() => server.stop());

  for (const { name, sql, after, only, login, code, number, ifWrong } of LOGINS) {
    if (only !== undefined && only !== program.flavour) continue;
    test(`for ${name} is ${code}`, async () => {
      await server.sql(`DROP USER IF EXISTS app; CREATE USER app IDENTIFIED BY '${FIRST}'`);
      await server.sql(sql);
      // The one that may be had.
      if (sql.includes('PER_HOUR')) await endOf(server, 'app', FIRST, login);
      const wrong = await endOf(server, 'app', SECOND, login);
      const right = await endOf(server, 'app', FIRST, login);
      if (after !== undefined) await server.sql(after);
      if (ifWrong === undefined) expect(wrong).toBe('rejected');
      if (code === 'rejected') {
        expect(right).toBe('rejected');
        return;
      }
      expect(right).toMatchObject({
        code,
        hint: expect.any(String),
        message: expect.stringContaining('as "app"'),
      });
      expect(String(right)).toMatch(new RegExp(`\\(error (?:${number})\\)$`));
      for (const password of [FIRST, SECOND]) expect(leaks(allOf(right), password)).toBeUndefined();
    });
  }

  test('for a server that lets nobody in without TLS says so, or is a refusal', async () => {
    await server.sql(`DROP USER IF EXISTS app; CREATE USER app IDENTIFIED BY '${FIRST}'`);
    await endOf(server, 'app', FIRST);
    await server.sql('SET GLOBAL require_secure_transport = ON');
    const end = await endOf(server, 'app', FIRST, { ssl: false, host: '127.0.0.1' });
    await server.sql('SET GLOBAL require_secure_transport = OFF');
    // MariaDB 10 says the same of a wrong password.
    if (program.name === 'MariaDB 10') expect(end).toBe('rejected');
    else
      expect(end).toMatchObject({
        code: 'ERR_TLS_NOT_OFFERED',
        hint: expect.stringContaining('"ssl": false'),
      });
  });

  test('for too many connections is ERR_SERVICE_FULL', async () => {
    await server.sql(`DROP USER IF EXISTS app; CREATE USER app IDENTIFIED BY '${FIRST}'`);
    const [row] = await server.sql('SELECT @@GLOBAL.max_connections AS before_');
    const least = program.flavour === 'mysql' ? 1 : 10;
    await server.sql(`SET GLOBAL max_connections = ${least}`);
    const full = await Promise.all(Array.from({ length: least + 3 }, () => held(server)));
    const end = await endOf(server, 'app', FIRST);
    for (const socket of full) socket.destroy();
    await server.sql(`SET GLOBAL max_connections = ${String(row?.before_)}`);
    expect(end).toMatchObject({ code: 'ERR_SERVICE_FULL', message: expect.stringContaining('(error 1040)') });
  });
});

/** A connection that does not log in, but is there. */
async function held({ port }: TestServer): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'data');
  return socket;
}

describeServers('a statement that fails', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}'; CREATE USER other IDENTIFIED BY '${FIRST}'`);
    await server.sql(`CREATE USER admin IDENTIFIED BY '${FIRST}'; GRANT CREATE USER ON *.* TO admin`);
  });
  afterAll(() => server.stop());

  const isMysql = program.flavour === 'mysql';
  const identified = isMysql
    ? `IDENTIFIED WITH caching_sha2_password AS ${hash}`
    : `IDENTIFIED VIA mysql_native_password USING '${native}'`;
  const cases: readonly (readonly [
    name: string,
    as: string,
    sql: string,
    code: RotationErrorCode,
    number: number,
    ...around: string[],
  ])[] = [
    [
      'another’s password without the right',
      'app',
      `ALTER USER other ${identified}`,
      'ERR_RIGHTS_MISSING',
      1227,
    ],
    ['somebody else’s account looked at', 'admin', 'SHOW CREATE USER other', 'ERR_RIGHTS_MISSING', 1044],
    ['users looked at', 'admin', 'SELECT * FROM mysql.user', 'ERR_RIGHTS_MISSING', 1142],
    [
      'a read-only server',
      'admin',
      `ALTER USER other ${identified}`,
      'ERR_SERVICE_READ_ONLY',
      1290,
      'SET GLOBAL read_only = ON',
      'SET GLOBAL read_only = OFF',
    ],
    [
      'a statement that nobody knows',
      'app',
      `ALTER USER other ${identified} RETAIN NOTHING`,
      'ERR_SERVICE_UNSUPPORTED',
      1064,
    ],
    ...(isMysql
      ? ([
          ['an account that is gone', 'admin', `ALTER USER gone ${identified}`, 'ERR_USER_MISSING', 1396],
          [
            'a plugin that is not loaded',
            'admin',
            "ALTER USER other IDENTIFIED WITH mysql_native_password AS '*0'",
            'ERR_SERVICE_UNSUPPORTED',
            1524,
          ],
          [
            'a hash that is none',
            'admin',
            'ALTER USER other IDENTIFIED WITH caching_sha2_password AS 0x24',
            'ERR_SERVICE_UNSUPPORTED',
            1827,
          ],
          [
            'a superior account',
            'admin',
            `ALTER USER root@localhost ${identified}`,
            'ERR_RIGHTS_MISSING',
            1227,
          ],
          [
            'a second password without the right',
            'app',
            `ALTER USER CURRENT_USER() IDENTIFIED BY '${SECOND}' RETAIN CURRENT PASSWORD`,
            'ERR_RIGHTS_MISSING',
            1227,
          ],
          [
            'a password that a policy refuses',
            'admin',
            "ALTER USER other IDENTIFIED BY 'x'",
            'ERR_VALUE_REFUSED',
            1819,
            "INSTALL COMPONENT 'file://component_validate_password'",
            "UNINSTALL COMPONENT 'file://component_validate_password'",
          ],
          [
            'a password that was there before',
            'admin',
            `ALTER USER past IDENTIFIED BY '${FIRST}'`,
            'ERR_VALUE_REFUSED',
            3638,
            `CREATE USER past IDENTIFIED BY '${FIRST}' PASSWORD HISTORY 3`,
          ],
          [
            'an old password that is to be named',
            'past2',
            `ALTER USER CURRENT_USER() IDENTIFIED BY '${SECOND}'`,
            'ERR_VALUE_REFUSED',
            3892,
            `CREATE USER past2 IDENTIFIED BY '${FIRST}' PASSWORD REQUIRE CURRENT`,
          ],
          [
            'a backup',
            'admin',
            `ALTER USER other ${identified}`,
            'ERR_SERVICE_TIMEOUT',
            1205,
            'LOCK INSTANCE FOR BACKUP',
            'UNLOCK INSTANCE',
          ],
        ] as const)
      : ([
          ['an account that is gone', 'admin', `ALTER USER gone ${identified}`, 'ERR_USER_MISSING', 1396],
          [
            'a plugin that is not loaded',
            'admin',
            "ALTER USER other IDENTIFIED VIA parsec USING 'P0'",
            'ERR_SERVICE_UNSUPPORTED',
            1396,
          ],
          [
            'a hash that is none',
            'admin',
            "ALTER USER other IDENTIFIED VIA mysql_native_password USING '*12'",
            'ERR_SERVICE_UNSUPPORTED',
            1396,
          ],
          [
            'a check of passwords, which refuses hashes',
            'admin',
            `ALTER USER other ${identified}`,
            'ERR_SERVICE_UNSUPPORTED',
            1396,
            "INSTALL SONAME 'simple_password_check'",
            "UNINSTALL SONAME 'simple_password_check'",
          ],
          [
            'a password that a policy refuses',
            'admin',
            "ALTER USER other IDENTIFIED BY 'x'",
            'ERR_VALUE_REFUSED',
            1396,
            "INSTALL SONAME 'simple_password_check'",
            "UNINSTALL SONAME 'simple_password_check'",
          ],
          [
            'a backup',
            'admin',
            `ALTER USER other ${identified}`,
            'ERR_SERVICE_TIMEOUT',
            1969,
            'FLUSH TABLES WITH READ LOCK',
            'UNLOCK TABLES',
          ],
        ] as const)),
  ];
  for (const [name, as, sql, code, number, before, after] of cases) {
    test(`for ${name} is ${code}, without the statement`, async () => {
      if (before !== undefined) await server.sql(before);
      const failure = await inSession(
        server,
        [as, FIRST],
        (session) =>
          session.query(sql).then(
            () => undefined,
            (error: unknown) => toFailure(error, 'change the password', session),
          ),
        { limitMs: 3000 },
      );
      if (after !== undefined) await server.sql(after);
      expect(failure).toMatchObject({
        code,
        hint: expect.any(String),
        message: expect.stringMatching(
          new RegExp(`^could not change the password as "${as}": .*\\(error ${number}\\)$`),
        ),
      });
      expect(failure?.cause).toBeUndefined();
      for (const part of [hash, native, FIRST, SECOND, 'ALTER']) expect(allOf(failure)).not.toContain(part);
    });
  }
});

describe('a connection that fails', () => {
  const nobody = { port: 1 };

  test.each<readonly [string, LoginChanges, RotationErrorCode]>([
    ['a name that cannot be found', { host: 'no-such-host.invalid' }, 'ERR_SERVICE_NOT_FOUND'],
    ['a port at which nobody listens', { host: '127.0.0.1' }, 'ERR_SERVICE_REFUSED'],
    ['a socket that is not there', { host: '/tmp/no-such-socket' }, 'ERR_SERVICE_FAILED'],
  ])('for %s has its code', async (_, changes, code) => {
    const end = await endOf(nobody, 'app', FIRST, changes);
    expect(end).toMatchObject({
      code,
      hint: expect.any(String),
      message: expect.stringContaining('could not log in as "app"'),
    });
    expect(leaks(allOf(end), FIRST)).toBeUndefined();
  });

  test.each<readonly [string, (socket: Socket) => void, RotationErrorCode]>([
    ['says nothing', () => {}, 'ERR_SERVICE_TIMEOUT'],
    ['closes', (socket) => socket.destroy(), 'ERR_SERVICE_UNREACHABLE'],
    [
      'speaks another protocol',
      (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'ERR_SERVICE_FAILED',
    ],
  ])(
    'because the other side %s has its code, and is thrown: another password would not help',
    async (_, serve, code) => {
      const listener = createServer((socket) => {
        socket.on('error', () => {});
        serve(socket);
      }).listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as AddressInfo;
      const began = Date.now();
      const end = await endOf({ port }, 'app', FIRST, { host: '127.0.0.1', limitMs: 700 });
      listener.close();
      expect(isRotationError(end) && end.code).toBe(code);
      expect(Date.now() - began).toBeLessThan(2500);
    },
  );

  test('ends when the step’s time is up', async () => {
    const listener = createServer(() => {}).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const end = await endOf({ port }, 'app', FIRST, { host: '127.0.0.1', signal: AbortSignal.timeout(300) });
    listener.close();
    expect(end).toMatchObject({ code: 'ERR_SERVICE_TIMEOUT' });
  });
});
