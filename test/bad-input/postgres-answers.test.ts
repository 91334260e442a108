import fc from 'fast-check';
import { postgres } from '../../rotators/postgres/index.js';
import { PASSWORD } from './corpus.js';
import { ending } from './ending.js';
import { int, type Misbehaviour, message, PostgresServer } from './postgres-server.js';
import { anyString, runs } from './runs.js';
import { answerOf, CURRENT_ID, StubbedSecrets, TOKEN } from './stub.js';

const PENDING = 'pnd-6nVb3Rj5-1cYd7Gh2';
const ODD = '☃odd☃wds☃all☃day☃long☃';

const server = new PostgresServer();
beforeAll(() => server.start());
afterAll(() => server.stop());

/** Takes a step against the server, and makes sure that nothing of it is seen but what a server says of a failed login. */
async function take(step: 'setSecret' | 'testSecret', hidden: readonly string[] = [], timeoutMs = 250) {
  const place = { username: 'app', host: '127.0.0.1', port: server.port, dbname: 'db', ssl: false };
  const secrets = new StubbedSecrets(postgres({ timeoutMs }), {
    current: answerOf({ ...place, password: PASSWORD }, CURRENT_ID),
    pending: answerOf({ ...place, password: PENDING }, TOKEN),
  });
  // testSecret has not read AWSCURRENT, and cannot know it when it sees it.
  const passwords = step === 'setSecret' ? [PASSWORD, PENDING] : [PENDING];
  const error = await ending(secrets.take(step), {
    values: [...passwords, ...hidden],
    log: secrets.log,
  });
  expect(secrets.client.writes()).toEqual([]);
  return error;
}

test('the server that is spoilt below is one that a rotation succeeds with', async () => {
  server.misbehaviour = { asks: 'md5', at: -1, spoil: (sent) => sent, next: 'go on' };
  expect(await take('setSecret', [], 5000)).toBeUndefined();
  expect(await take('testSecret', [], 5000)).toBeUndefined();
  expect(server.statements.filter((sql) => sql.startsWith('ALTER ROLE'))).toHaveLength(1);
});

test.each([0, 4, 7])('an error that does not end, as message %d, is none that is waited for', async (at) => {
  for (const type of ['E', 'N']) {
    const endless = message(type, `SERROR\0C28P01\0M${ODD}\0`);
    server.misbehaviour = { asks: 'md5', at, spoil: () => endless, next: 'silence' };
    const error = await take('testSecret', [ODD], 5000);
    expect(error?.code).toBe('ERR_SERVICE_FAILED');
  }
});

test.each([
  ['of every object', '__proto__'],
  ['of every object, too', 'constructor'],
  ['that is a text', ODD],
  ['that is endless', '☃'.repeat(20_000)],
])('a code of an error is none that is quoted, nor looked up, if it is a name %s', async (_, code) => {
  // At login, and of a statement.
  for (const at of [0, 5]) {
    const odd = message('E', `SERROR\0C${code}\0Mfailed\0\0`);
    server.misbehaviour = { asks: 'md5', at, spoil: (sent) => Buffer.concat([odd, sent]), next: 'go on' };
    const error = await take('testSecret', [], 5000);
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringMatching(/:\d+ failed$/),
    });
  }
});

test.each(['0', '-5', '1.5', '1000001', '1e400', ODD])(
  '%s iterations of SCRAM are not set out for',
  async (iterations) => {
    server.misbehaviour = { asks: 'md5', at: -1, spoil: (sent) => sent, next: 'go on' };
    server.iterations = iterations;
    server.statements.length = 0;
    const error = await take('setSecret', [ODD], 5000);
    server.iterations = '4096';
    expect(error?.code).toBe('ERR_SERVICE_UNSUPPORTED');
    expect(server.statements.filter((sql) => sql.startsWith('ALTER ROLE'))).toEqual([]);
  },
);

test('a first message of SCRAM may say anything', async () => {
  const part = (name: string, values: readonly string[]) =>
    fc.option(
      fc.constantFrom(...values).map((value) => `${name}=${value}`),
      { nil: '' },
    );
  const first = fc.tuple(
    part('r', ['{nonce}', '{nonce}more', 'more', '{nonce}\0', '☃']),
    part('s', ['c2FsdA==', '', '*', PENDING, 'A'.repeat(70_000)]),
    part('i', ['1', '0', '-1', '4096', '04096', '1000001', '9'.repeat(400), '1e3', '__proto__']),
    part('e', ['other-error', PENDING, ODD]),
  );
  await fc.assert(
    fc.asyncProperty(first, async (parts) => {
      const scramFirst = (nonce: string) => parts.join().replace('{nonce}', nonce);
      server.misbehaviour = { asks: 'scram', scramFirst, at: -1, spoil: (sent) => sent, next: 'go on' };
      const error = await take('testSecret', [], 5000);
      expect(error).toMatchObject({
        code: 'ERR_SERVICE_UNSUPPORTED',
        message: expect.not.stringContaining(ODD),
      });
    }),
    runs(40),
  );
});

const oddText = fc.oneof(
  fc.constantFrom(
    '',
    PASSWORD,
    PENDING,
    ODD,
    '28P01',
    '__proto__',
    'constructor',
    'ECONNRESET',
    'x'.repeat(70_000),
  ),
  anyString(40),
);
/** An ErrorResponse or a NoticeResponse: fields of any kind, any number of times, and with or without an end. */
const report = fc
  .record({
    type: fc.constantFrom('E', 'E', 'N'),
    fields: fc.array(fc.tuple(fc.constantFrom(...'SVCMDHPpqWsctdnFLRé'), oddText), { maxLength: 6 }),
    end: fc.constantFrom('\0', '\0', '', 'M', 'Mcut off'),
  })
  .map(({ type, fields, end }) => message(type, ...fields.map(([name, text]) => `${name}${text}\0`), end));
/** A message of another kind, or of none. */
const stray = fc.oneof(
  fc
    .constantFrom(...'RSKZTDCAIGHWVd123cnst?\0')
    .chain((type) => fc.uint8Array({ maxLength: 30 }).map((body) => message(type, Buffer.from(body)))),
  fc.integer({ min: -1, max: 13 }).map((kind) => message('R', int(kind))),
  fc
    .constantFrom('SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS\0\0', 'PLAIN\0\0', '\0')
    .map((list) => message('R', int(10), list)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);
const spoil: fc.Arbitrary<Misbehaviour['spoil']> = fc.oneof(
  fc.oneof(report, stray).map((odd) => () => odd),
  fc.oneof(report, stray).map((odd) => (sent: Buffer) => Buffer.concat([odd, sent])),
  fc.oneof(report, stray).map((odd) => (sent: Buffer) => Buffer.concat([sent, odd])),
  fc.nat(20).map((length) => (sent: Buffer) => sent.subarray(0, length)),
  fc.constantFrom(0, 3, 4, 5, 1000, 0x7fff_ffff, 0xffff_ffff).map((length) => (sent: Buffer) => {
    const copy = Buffer.from(sent);
    copy.writeUInt32BE(length, 1);
    return copy;
  }),
  fc.tuple(fc.nat(40), fc.nat(255)).map(([at, byte]) => (sent: Buffer) => {
    const copy = Buffer.from(sent);
    copy[at % copy.length] = byte;
    return copy;
  }),
  fc
    .constantFrom(0, 2, 50)
    .map((times) => (sent: Buffer) => Buffer.concat(Array.from({ length: times }, () => sent))),
);

test('a server that says anything at any time succeeds or fails in time, and no password is seen', async () => {
  const misbehaviour = fc.record<Misbehaviour>({
    asks: fc.constantFrom('md5', 'md5', 'md5', 'scram'),
    at: fc.nat(30),
    spoil,
    next: fc.constantFrom('go on', 'end', 'end', 'silence'),
  });
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('setSecret', 'testSecret'), misbehaviour, async (step, how) => {
      server.misbehaviour = how;
      const error = await take(step);
      // What else a server says of a login that failed is in the cause, by design: it has heard no password yet.
      expect(error?.message ?? '').not.toContain(ODD);
      expect(error?.code).not.toBe('ERR_ROTATOR_FAILED');
    }),
    runs(30),
  );
});
