import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { toFailure } from '../../rotators/mysql/failures.js';
import { isRotationError, type RotationError } from '../../src/index.js';
import { leaks } from '../support/errors.js';
import { type LoginChanges, logIn } from '../support/mysql-login.js';
import { certificate } from '../support/postgres.js';
import { PASSWORD } from './corpus.js';
import {
  failure,
  type Misbehaviour,
  MysqlServer,
  moreData,
  packet,
  switchTo,
  WELL_BEHAVED,
} from './mysql-server.js';
import { anyString, runs } from './runs.js';

const ODD = '☃odd☃wds☃all☃day☃long☃';

const server = new MysqlServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

/** mysql2 prints its position when a length is invalid, and nothing of the answer. */
let printed: jest.SpyInstance[] = [];
beforeEach(() => {
  printed = (['log', 'error', 'warn'] as const).map((method) =>
    jest.spyOn(console, method).mockImplementation(),
  );
});
afterEach(() => {
  for (const spy of printed) {
    for (const [first] of spy.mock.calls)
      expect(first).toMatch(/^Trace:\s+at Packet\.readLengthCodedNumberExt/);
    spy.mockRestore();
  }
});

type End = 'done' | 'rejected' | RotationError;

/** Logs in and asks something, and makes sure that it ends in time and well. */
async function end(changes: LoginChanges = {}, limitMs = 250): Promise<End> {
  const began = performance.now();
  const found = await use({ ssl: false, host: '127.0.0.1', limitMs, ...changes });
  expect(performance.now() - began).toBeLessThan(4 * limitMs + 3000);
  if (!isRotationError(found)) return found;
  const said = `${found.message}${found.hint}`;
  expect(leaks(said, PASSWORD)).toBeUndefined();
  expect(found.code).not.toBe('ERR_ROTATOR_FAILED');
  return found;
}

async function use(changes: LoginChanges): Promise<End> {
  try {
    const session = await logIn(server, 'app', PASSWORD, changes);
    if (session === 'rejected' || isRotationError(session)) return session;
    try {
      await session.query('SELECT 1');
      return 'done';
    } catch (error) {
      return toFailure(error, 'ask something', session);
    } finally {
      await session.end();
    }
  } catch (error) {
    if (isRotationError(error)) return error;
    throw error;
  }
}

test('the server that is spoilt below is one that a login succeeds with', async () => {
  server.misbehaviour = WELL_BEHAVED;
  expect(await end({}, 5000)).toBe('done');
});

describe('a server that is asked for nothing but a login does not get', () => {
  const asked = (...asks: readonly Buffer[]): void => {
    server.misbehaviour = { ...WELL_BEHAVED, asks };
  };

  test.each([
    [
      'the password under an RSA key of its own',
      [switchTo('caching_sha2_password'), moreData([4])],
      'ERR_TLS_NOT_OFFERED',
    ],
    [
      'the password under an RSA key of its own, by the older plugin',
      [switchTo('sha256_password')],
      'ERR_TLS_NOT_OFFERED',
    ],
    ['the password in clear text', [switchTo('mysql_clear_password')], 'ERR_SERVICE_UNSUPPORTED'],
    ['an answer to a dialogue', [switchTo('dialog', 'Password: ')], 'ERR_SERVICE_UNSUPPORTED'],
    ['what nobody knows', [switchTo('__proto__')], 'ERR_SERVICE_UNSUPPORTED'],
    ['what has no name', [switchTo('')], 'ERR_SERVICE_UNSUPPORTED'],
    [
      'as many iterations as it likes',
      [switchTo('parsec'), moreData([0x50, 31, 1, 2, 3])],
      'ERR_SERVICE_UNSUPPORTED',
    ],
  ] as const)('%s', async (_, asks, code) => {
    asked(...asks);
    expect(await end({}, 5000)).toMatchObject({ code });
    expect(leaks(server.received.toString('latin1'), PASSWORD)).toBeUndefined();
  });

  test('a file', async () => {
    const wanted = packet(1, [0xfb], '/etc/passwd');
    for (const at of [2, 3]) {
      server.misbehaviour = { at, spoil: () => wanted, next: 'go on' };
      expect(isRotationError(await end())).toBe(true);
      expect(server.received.toString('latin1')).not.toContain('root:');
    }
  });
});

describe('where TLS is wanted', () => {
  const clear = (...packets: readonly Buffer[]): void => {
    const spoil = (greeting: Buffer) => Buffer.concat([greeting, ...packets]);
    server.misbehaviour = { at: 0, spoil, next: 'go on', offersTls: true };
  };

  test.each([
    ['lets the user in', packet(2, [0, 0, 0, 2, 0, 0, 0])],
    ['asks for the password', packet(2, [0xfe], 'mysql_clear_password\0')],
    [
      'asks for the password by another plugin',
      packet(2, [0xfe], 'sha256_password\0', '12345678abcdefghijkl\0'),
    ],
    ['refuses it', packet(2, [0xff, 0x15, 0x04], '#28000Access denied')],
    ['has begun', Buffer.from([9, 0])],
  ])('what comes in the clear behind the greeting and %s counts for nothing', async (_, injected) => {
    clear(injected);
    const found = await end({ ssl: true, host: 'localhost' }, 700);
    expect(isRotationError(found)).toBe(true);
    expect(leaks(server.received.toString('latin1'), PASSWORD)).toBeUndefined();
    expect(server.received.includes('app\0')).toBe(false);
  });

  test.each([
    ['trusted', {}],
    ['not trusted', { ca: undefined }],
  ])('a login is not gone on with over TLS after it, though the server is %s', async (_, trust) => {
    const [key, cert] = await Promise.all([certificate('impostor.key'), certificate('impostor.pem')]);
    let heard = '';
    const untrusted = createTlsServer({ key, cert }, (secure) => {
      secure
        .on('error', () => {})
        .on('data', (data) => {
          heard += data.toString('latin1');
        });
    }).listen(0, '127.0.0.1');
    await once(untrusted, 'listening');
    clear(packet(2, [0xfe], 'sha256_password\0', '12345678abcdefghijkl\0'));
    server.misbehaviour = {
      ...server.misbehaviour,
      takeOver(socket, rest) {
        const other = connect((untrusted.address() as AddressInfo).port, '127.0.0.1');
        other.on('error', () => {}).write(rest);
        socket.pipe(other).pipe(socket);
      },
    };
    const found = await end({ ssl: true, host: 'localhost', ...trust }, 2000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    untrusted.close();
    expect(heard).toBe('');
    expect(isRotationError(found)).toBe(true);
  });

  test('a greeting that offers none is the end', async () => {
    server.misbehaviour = WELL_BEHAVED;
    expect(await end({ ssl: true, host: 'localhost' })).toMatchObject({ code: 'ERR_TLS_NOT_OFFERED' });
    expect(server.received.length).toBe(0);
  });
});

test('a server that gives its connection another number than the greeting had is a pooler', async () => {
  const wayIs = async (spoil: Misbehaviour['spoil']) => {
    server.misbehaviour = { at: 0, spoil, next: 'go on' };
    const session = await logIn(server, 'app', PASSWORD, { ssl: false, host: '127.0.0.1' });
    if (session === 'rejected' || isRotationError(session)) throw new Error('not logged in');
    await session.end();
    return session.way;
  };
  expect(await wayIs((sent) => sent)).toBe('direct');
  expect(
    await wayIs((sent) => Buffer.concat([sent.subarray(0, 11), Buffer.from([78]), sent.subarray(12)])),
  ).toBe('pooler');
});

test.each([
  ['in place of a greeting, by who does not know the password', 0, 1045, 'ERR_SERVICE_FAILED'],
  ['after the login', 1, 1045, 'rejected'],
  ['after the login, with a number that nobody knows', 1, 65_535, 'ERR_SERVICE_FAILED'],
  ['of a statement', 2, 1045, 'ERR_RIGHTS_MISSING'],
])('an error %s is not quoted', async (_, at, errno, expected) => {
  server.misbehaviour = {
    at,
    spoil: (sent) =>
      Buffer.from([...failure(errno, ODD).subarray(0, 3), sent[3] ?? 0, ...failure(errno, ODD).subarray(4)]),
    next: 'end',
  };
  const found = await end({}, 2000);
  expect(isRotationError(found) ? found.code : found).toBe(expected);
  if (isRotationError(found)) expect(`${found.message}${found.hint}`).not.toContain(ODD);
});

test('a login that ends without a word is inconclusive, and one that never began is not', async () => {
  server.misbehaviour = { at: 1, spoil: () => Buffer.alloc(0), next: 'end' };
  const login = () => logIn(server, 'app', PASSWORD, { ssl: false, host: '127.0.0.1', limitMs: 1000 });
  await expect(login()).resolves.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
  server.misbehaviour = { at: 0, spoil: () => Buffer.alloc(0), next: 'end' };
  await expect(login()).rejects.toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
});

test('rows without an end are none that are waited for', async () => {
  const row = [Buffer.from([253, 0, 0, 1]), Buffer.alloc(65_536, 'x'), [0, 0]] as const;
  // In place of the row of the first answer.
  const many = Buffer.concat(Array.from({ length: 40 }, (_, index) => packet(6 + index, ...row)));
  server.misbehaviour = { at: 8, spoil: () => many, next: 'silence' };
  // Not ERR_SERVICE_TIMEOUT.
  expect(await end({}, 5000)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
});

const oddText = fc.oneof(
  fc.constantFrom('', PASSWORD, ODD, '__proto__', 'constructor', 'x'.repeat(70_000)),
  anyString(40),
);
/** A packet of some kind, whose number is put right, or not. */
const body = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 65_535 }), oddText).map(([errno, said]) => failure(errno, said)),
  fc
    .constantFrom('mysql_native_password', 'caching_sha2_password', 'client_ed25519', 'parsec', '')
    .chain((plugin) => oddText.map((data) => switchTo(plugin, data))),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => moreData(Buffer.from(bytes))),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => packet(0, Buffer.from(bytes))),
  fc
    .tuple(fc.constantFrom(0, 1, 3, 0xfb, 0xfc, 0xfd, 0xfe, 0xff), fc.uint8Array({ maxLength: 20 }))
    .map(([kind, bytes]) => packet(0, [kind], Buffer.from(bytes))),
);
const inPlace = (made: Buffer, sent: Buffer): Buffer =>
  Buffer.from([...made.subarray(0, 3), sent[3] ?? 0, ...made.subarray(4)]);
const spoil: fc.Arbitrary<Misbehaviour['spoil']> = fc.oneof(
  body.map((made) => (sent: Buffer) => inPlace(made, sent)),
  body.map((made) => () => made),
  body.map((made) => (sent: Buffer) => Buffer.concat([sent, made])),
  body.map((made) => (sent: Buffer) => Buffer.concat([inPlace(made, sent), sent])),
  fc.nat(20).map((length) => (sent: Buffer) => sent.subarray(0, length)),
  fc.constantFrom(0, 1, 1000, 0xff_ffff).map((length) => (sent: Buffer) => {
    const copy = Buffer.from(sent);
    copy.writeUIntLE(length, 0, 3);
    return copy;
  }),
  fc.tuple(fc.nat(90), fc.nat(255)).map(([at, byte]) => (sent: Buffer) => {
    const copy = Buffer.from(sent);
    copy[at % copy.length] = byte;
    return copy;
  }),
  fc
    .constantFrom(0, 2, 50)
    .map((times) => (sent: Buffer) => Buffer.concat(Array.from({ length: times }, () => sent))),
);

test('a server that says anything at any time lets in or fails in time, and no password is said', async () => {
  const misbehaviour = fc.record<Misbehaviour>({
    at: fc.nat(16),
    spoil,
    next: fc.constantFrom('go on', 'end', 'end', 'silence'),
    asks: fc.constantFrom(
      [],
      [switchTo('caching_sha2_password'), moreData([3])],
      [switchTo('client_ed25519', Buffer.alloc(32, 7))],
      [switchTo('parsec', Buffer.alloc(32, 7)), moreData([0x50, 0, ...Buffer.alloc(18, 7)])],
    ),
  });
  await fc.assert(
    fc.asyncProperty(misbehaviour, async (how) => {
      server.misbehaviour = how;
      const found = await end();
      if (isRotationError(found)) expect(found.message).not.toContain(ODD);
    }),
    runs(60),
  );
});
