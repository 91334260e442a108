import { createPublicKey, verify } from 'node:crypto';
import { publicKey, sign as signWith } from '../../../rotators/mysql/crypto/ed25519.js';
import { shaCrypt } from '../../../rotators/mysql/crypto/sha-crypt.js';
import {
  assertOurs,
  cachingSha2Hash,
  ed25519Hash,
  isHashOf,
  nativeHash,
  type PasswordPlugin,
  parsecHash,
  passwordHash,
  ROUNDS,
} from '../../../rotators/mysql/hashes.js';
import { hexLiteral } from '../../../rotators/mysql/sql.js';
import { endOf } from '../../support/mysql-login.js';
import { describeServers } from '../../support/mysql-programs.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';

const PLUGINS: readonly PasswordPlugin[] = [
  'caching_sha2_password',
  'mysql_native_password',
  'ed25519',
  'parsec',
];
/** Bytes beyond ASCII, quotes, and more of them than a block of SHA-256 has. */
const PASSWORDS = ['a', 'pä55\'\\"☃', 'x'.repeat(65), '0'.repeat(256)];

// By openssl passwd -5.
test.each([
  ['Hello world!', 'saltstring', 5000, '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  ['Hello world!', 'saltstringsaltst', 10000, '3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA'],
  ['This is just a test', 'toolongsaltstrin', 5000, 'Un/5jzAHMgOGZ5.mWJpuVolil07guHPvOW8mGRcvxa5'],
  [
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    'anotherlongsalts',
    1400,
    'Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1',
  ],
])(
  'SHA-256-crypt of %j with the salt %s and %d rounds is that of others',
  (password, salt, rounds, expected) => {
    expect(shaCrypt(Buffer.from(password), Buffer.from(salt), rounds)).toBe(expected);
  },
);

// By the servers: PASSWORD(), CREATE USER … IDENTIFIED VIA ed25519 USING PASSWORD().
test.each([
  ['mysql_native_password', nativeHash('secret'), '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7'],
  ['ed25519', ed25519Hash('secret'), 'ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY'],
  ['ed25519', ed25519Hash('foobar'), 'qv2mG6HWCuy32Slb5xhV4THStewNz2VINVPbgk+XAJ8'],
])('the hash of %s is what servers make', (_, made, expected) => {
  expect(made).toBe(expected);
});

test('a signature with the key of a password is one that others can verify', () => {
  const password = Buffer.from(PASSWORDS[1] ?? '');
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey(password)]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  const message = Buffer.from('a message');
  const signature = signWith(password, message);
  expect(verify(null, message, key, signature)).toBe(true);
  expect(verify(null, Buffer.from('another'), key, signature)).toBe(false);
});

test.each(PLUGINS)('a hash of %s is of its password, and of no other', (plugin) => {
  for (const password of PASSWORDS) {
    const made = passwordHash(plugin, password);
    expect(isHashOf(plugin, made, password)).toBe(true);
    expect(isHashOf(plugin, made, `${password}.`)).toBe(false);
  }
});

test.each(['caching_sha2_password', 'parsec'] as const)('a hash of %s is another one each time', (plugin) => {
  expect(passwordHash(plugin, 'secret')).not.toBe(passwordHash(plugin, 'secret'));
});

test('a hash of caching_sha2_password has the rounds that the server says', () => {
  expect(passwordHash('caching_sha2_password', 'secret', 5000)).toMatch(/^\$A\$005\$[./0-9A-Za-z]{63}$/);
  expect(passwordHash('caching_sha2_password', 'secret', 10_999)).toMatch(/^\$A\$00A\$/);
});

// Most of these a server takes, and then lets nobody in.
const salted = (salt: string, rounds = 5000) =>
  cachingSha2Hash('secret', rounds, Buffer.from(salt, 'latin1'));
test.each<readonly [PasswordPlugin, string, string]>([
  ['caching_sha2_password', 'fewer than 5000 rounds', salted('s'.repeat(20), 4000)],
  ['caching_sha2_password', 'a salt that is too short', salted('s'.repeat(19))],
  ['caching_sha2_password', 'a salt that cannot be quoted', salted(`${'s'.repeat(19)}'`)],
  ['caching_sha2_password', 'a character too few', salted('s'.repeat(20)).slice(0, -1)],
  ['caching_sha2_password', 'a last character with too many bits', `${salted('s'.repeat(20)).slice(0, -1)}z`],
  ['caching_sha2_password', 'another kind', `$B$${salted('s'.repeat(20)).slice(3)}`],
  ['mysql_native_password', 'characters that are not hexadecimal', `*${'Z'.repeat(40)}`],
  ['mysql_native_password', 'the password itself', 'secret'],
  ['ed25519', 'a character too many', `${ed25519Hash('secret')}A`],
  ['ed25519', 'padding', `${ed25519Hash('secret')}=`],
  ['parsec', 'another kind', parsecHash('secret').replace('P', 'Q')],
  ['parsec', 'a salt that is too short', parsecHash('secret', 0, Buffer.alloc(17))],
  ['parsec', 'nothing', ''],
])('a hash of %s with %s is not sent', (plugin, _, hash) => {
  expect(() => assertOurs(plugin, hash)).toThrow(`this is not a hash of ${plugin}`);
  expect(() => assertOurs(plugin, passwordHash(plugin, 'secret'))).not.toThrow();
});

test.each([0, 4999, Number.NaN, ROUNDS.most + 1])('%d rounds are not set out for', (rounds) => {
  expect(() => passwordHash('caching_sha2_password', 'secret', rounds)).toThrow('rounds');
});

test.each(['', 'a\0b', '☃'.repeat(86)])(
  'a password that nobody could log in with has no hash: %j',
  (password) => {
    for (const plugin of PLUGINS) {
      expect(() => passwordHash(plugin, password)).toThrow(
        expect.objectContaining({
          code: 'ERR_VALUE_REFUSED',
          message: expect.not.stringContaining(password || 'x'),
        }),
      );
    }
  },
);

/** Of a new account, whatever the server: MySQL wants bytes, and MariaDB knows no hexadecimal ones there. */
function identified(plugin: PasswordPlugin, hash: string): string {
  return plugin === 'caching_sha2_password'
    ? `IDENTIFIED WITH ${plugin} AS ${hexLiteral(hash)}`
    : `IDENTIFIED VIA ${plugin} USING '${hash}'`;
}

describeServers('hashes', (program, test) => {
  const { name, flavour } = program;
  const plugins: readonly PasswordPlugin[] =
    flavour === 'mysql'
      ? ['caching_sha2_password']
      : ['mysql_native_password', 'ed25519', ...(name === 'MariaDB 11' ? (['parsec'] as const) : [])];
  const loaded = plugins.filter((plugin) => plugin === 'ed25519' || plugin === 'parsec');
  let server: TestServer;

  beforeAll(async () => {
    server = await startTestServer(program, {
      flags: loaded.map((plugin) => `--plugin-load-add=auth_${plugin}`),
    });
  });
  afterAll(() => server.stop());

  for (const plugin of plugins) {
    test(`a hash of ${plugin} that we have made lets its password in, and no other`, async () => {
      for (const password of PASSWORDS) {
        const hash = passwordHash(plugin, password, 10_000);
        await server.sql(`DROP USER IF EXISTS app; CREATE USER app ${identified(plugin, hash)}`);
        expect(await endOf(server, 'app', password)).toBe('in');
        expect(await endOf(server, 'app', `${password.slice(0, -1)}.`)).toBe('rejected');
      }
    });
  }

  test('a hash that the server has made itself is known to be of its password', async () => {
    for (const plugin of plugins) {
      const by =
        flavour === 'mysql' ? `WITH ${plugin} BY 'secret'` : `VIA ${plugin} USING PASSWORD('secret')`;
      await server.sql(`DROP USER IF EXISTS app; CREATE USER app IDENTIFIED ${by}`);
      const [row] = await server.sql(
        "SELECT HEX(authentication_string) AS hex FROM mysql.user WHERE User = 'app'",
      );
      const stored = Buffer.from(String(row?.hex), 'hex').toString('latin1');
      expect([plugin, isHashOf(plugin, stored, 'secret')]).toEqual([plugin, true]);
      expect([plugin, isHashOf(plugin, stored, 'another')]).toEqual([plugin, false]);
    }
  });
});
