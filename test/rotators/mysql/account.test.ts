import {
  type AccountFacts,
  accountFacts,
  assertChangeable,
  passwordPlugin,
  type Witness,
} from '../../../rotators/mysql/account.js';
import { type PasswordPlugin, passwordHash } from '../../../rotators/mysql/hashes.js';
import type { Session } from '../../../rotators/mysql/session.js';
import { methodsOf } from '../../../rotators/mysql/show-create-user.js';
import { hexLiteral } from '../../../rotators/mysql/sql.js';
import { quoted } from '../../../src/index.js';
import { inSession } from '../../support/mysql-login.js';
import { describeServers } from '../../support/mysql-programs.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';

const FIRST = 'first-password-1';
const SECOND = 'second-password-2';

const made = (plugin: PasswordPlugin, password = FIRST) => passwordHash(plugin, password);

/** What an account's own session tells of it, and what is made of that. */
const read = async (session: Session) => {
  const facts = await accountFacts(session);
  const { methods, ...rest } = facts;
  const plugin = passwordPlugin({ account: session.account, methods }, facts, session);
  return { ...rest, plugin, hashes: methods.map(({ hash }) => hash) };
};
/** What is read, or thrown instead, for whoever wants that. */
const factsOf = (server: TestServer, username = 'app') => inSession(server, [username, FIRST], read);
const failureOf = (server: TestServer, username = 'app') =>
  inSession(server, [username, FIRST], (session) => read(session).catch((error: unknown) => error));

describeServers(
  'an account',
  (program, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(program);
    });
    afterAll(() => server.stop());

    test('has its plugin, a hash that is not shown, and the server’s rounds', async () => {
      await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}' COMMENT 'IDENTIFIED WITH '' AS x'`);
      expect(await factsOf(server)).toEqual({
        plugin: 'caching_sha2_password',
        hashes: [undefined],
        rounds: 10_000,
        isReadOnly: false,
      });
    });

    test('does not show itself that it has a second password', async () => {
      const clause = (password: string) =>
        `two IDENTIFIED WITH caching_sha2_password AS ${hexLiteral(made('caching_sha2_password', password))}`;
      await server.sql(`CREATE USER two IDENTIFIED BY '${FIRST}'`);
      await server.sql(`ALTER USER ${clause(FIRST)}, ${clause(SECOND)} RETAIN CURRENT PASSWORD`);
      expect(await factsOf(server, 'two')).toMatchObject({ hashes: [undefined] });
    });

    test('of a plugin whose hashes cannot be made here is refused', async () => {
      await server.sql(`CREATE USER older IDENTIFIED WITH sha256_password BY '${FIRST}'`);
      expect(await failureOf(server, 'older')).toMatchObject({
        code: 'ERR_SERVICE_UNSUPPORTED',
        message: expect.stringContaining(`"${quoted('older@%')}"`),
        hint: expect.stringContaining('nothing was changed'),
      });
    });
  },
  (flavour) => flavour === 'mysql',
);

describeServers(
  'an account',
  (program, test) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startTestServer(program, { flags: ['--plugin-load-add=auth_ed25519'] });
    });
    afterAll(() => server.stop());

    const native = made('mysql_native_password');
    const other = made('mysql_native_password', SECOND);
    const ed25519 = made('ed25519');
    const accepted: readonly (readonly [string, string, Partial<Awaited<ReturnType<typeof read>>>])[] = [
      [
        'one password',
        `mysql_native_password USING '${native}'`,
        { plugin: 'mysql_native_password', hashes: [native] },
      ],
      [
        'two passwords',
        `mysql_native_password USING '${other}' OR mysql_native_password USING '${native}'`,
        { plugin: 'mysql_native_password', hashes: [other, native] },
      ],
      ['one of ed25519', `ed25519 USING '${ed25519}'`, { plugin: 'ed25519', hashes: [ed25519] }],
    ];
    for (const [what, via, facts] of accepted) {
      test(`with ${what} shows its hashes, in its order`, async () => {
        await server.sql(
          `CREATE OR REPLACE USER app IDENTIFIED VIA ${via} REQUIRE SSL WITH MAX_USER_CONNECTIONS 9`,
        );
        expect(await factsOf(server)).toEqual({ rounds: 5000, isReadOnly: false, ...facts });
      });
    }

    for (const [via, listed] of [
      [`unix_socket OR mysql_native_password USING '${native}'`, 'unix_socket or mysql_native_password'],
      [
        `ed25519 USING '${ed25519}' OR mysql_native_password USING '${native}'`,
        'ed25519 or mysql_native_password',
      ],
      [
        `mysql_native_password USING '${native}' OR mysql_native_password USING '${other}' OR mysql_native_password USING '${other}'`,
        'mysql_native_password or mysql_native_password or mysql_native_password',
      ],
    ] as const) {
      test(`that is identified by ${listed} is refused, and the ways are named`, async () => {
        await server.sql(`CREATE OR REPLACE USER app IDENTIFIED VIA ${via}`);
        const failure = await failureOf(server);
        expect(failure).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          message: expect.stringContaining(`is identified by ${quoted(listed)}`),
        });
        expect(String(failure)).not.toContain(native);
      });
    }
  },
  (flavour) => flavour === 'mariadb',
);

describeServers('a server that is read-only', (program, test) => {
  test('is told as that, before anything is sent', async () => {
    const server = await startTestServer(program);
    await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}'; SET GLOBAL read_only = ON`);
    const failure = await inSession(server, ['app', FIRST], async (session) => {
      const facts = await accountFacts(session);
      try {
        assertChangeable({ session, facts } as Witness, { poolerAsksServer: false });
      } catch (error) {
        return error;
      }
      return undefined;
    });
    await server.stop();
    expect(failure).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY', hint: expect.stringContaining('writer') });
  });
});

/** A session that answers nothing: what is thrown was thrown before a statement. */
const silent = (flavour: 'mysql' | 'mariadb', version: string) =>
  ({
    flavour,
    version,
    place: { host: 'db.example', port: 3306, servername: undefined },
    target: { host: 'db.example', port: 3306, username: 'app', password: FIRST, ssl: true },
    account: { user: 'app', host: '%' },
    query: () => Promise.reject(new Error('asked')),
  }) as Partial<Session> as Session;

test.each([
  ['mysql', '5.7.44-log'],
  ['mysql', '8.0.13'],
  ['mysql', ''],
  ['mariadb', '10.3.39-MariaDB'],
  ['mariadb', '5.5.5-10.3.39-MariaDB-log'],
] as const)('%s %s is refused before anything is sent', async (flavour, version) => {
  await expect(accountFacts(silent(flavour, version))).rejects.toMatchObject({
    code: 'ERR_SERVICE_UNSUPPORTED',
    message: expect.stringContaining('is older than'),
  });
});

test.each([
  ['mysql', '8.0.14'],
  ['mysql', '8.4.0'],
  ['mysql', '9.7.4-2'],
  ['mariadb', '10.4.0-MariaDB'],
  ['mariadb', '5.5.5-10.11.8-MariaDB-log'],
  ['mariadb', '11.8.9-MariaDB-0+deb13u1 from Debian'],
] as const)('%s %s is new enough', async (flavour, version) => {
  await expect(accountFacts(silent(flavour, version))).rejects.toMatchObject({ code: 'ERR_SERVICE_FAILED' });
});

test.each([Number.NaN, 4000, 4_095_000])('%d rounds of the server’s are refused', (rounds) => {
  const methods = [{ plugin: 'caching_sha2_password', hash: undefined }];
  const facts: AccountFacts = { methods, rounds, isReadOnly: false };
  const account = { user: 'app', host: '%' };
  expect(() => passwordPlugin({ account, methods }, facts, silent('mysql', '9.7.4'))).toThrow(
    expect.objectContaining({ code: 'ERR_SERVICE_UNSUPPORTED' }),
  );
});

describe('what SHOW CREATE USER shows is read', () => {
  const of = (rest: string) => methodsOf(`CREATE USER \`app\`@\`%\`${rest}`);
  test.each([
    ['nothing', '', []],
    ['nothing but limits', ' REQUIRE SSL', []],
    ['bytes', " IDENTIFIED WITH 'caching_sha2_password' AS 0x2441 REQUIRE NONE", ['$A']],
    [
      'quoted',
      String.raw` IDENTIFIED WITH 'caching_sha2_password' AS 'a\'b''c\\d' REQUIRE NONE`,
      ["a'b'c\\d"],
    ],
    [
      'two factors',
      " IDENTIFIED WITH 'caching_sha2_password' AS 'x' AND IDENTIFIED WITH 'authentication_webauthn'",
      ['x', undefined],
    ],
    ['in a comment', " IDENTIFIED WITH 'x' AS 'y' REQUIRE NONE ATTRIBUTE ' OR ed25519 USING z'", ['y']],
  ])('%s', (_, rest, hashes) => {
    expect(of(rest).map(({ hash }) => hash)).toEqual(hashes);
  });

  test('with names that look like more', () => {
    expect(
      methodsOf("CREATE USER `a``@``b IDENTIFIED VIA x`@`c`` OR y` IDENTIFIED VIA ed25519 USING 'k'"),
    ).toEqual([{ plugin: 'ed25519', hash: 'k' }]);
  });

  test.each([
    ['', 'the server’s answer does not describe an account'],
    ['undefined', 'the server’s answer does not describe an account'],
    ["CREATE USER 'app'@'%' IDENTIFIED WITH 'x'", 'the server’s answer does not describe an account'],
    ['CREATE USER `app`@`%` IDENTIFIED SOMEHOW', 'the server shows an unknown login method'],
  ])('and nothing is made of %j', (statement, problem) => {
    expect(() => methodsOf(statement)).toThrow(problem);
  });
});
