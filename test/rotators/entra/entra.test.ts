import { inspect } from 'node:util';
import { type EntraOptions, entra } from '../../../rotators/entra/index.js';
import { lineTo, rig, rotatorContract, type TcpLine } from '../../../src/testing/index.js';
import { EntraServer } from '../../support/entra-server.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { tried } from '../../support/thorough.js';

let server: EntraServer;
let line: TcpLine;

beforeAll(async () => {
  server = await EntraServer.start();
  line = await lineTo(Number(new URL(server.origin).port));
  server.origin = `http://${line.host}:${line.port}`;
});

afterAll(async () => {
  await line.close();
  await server.stop();
});

beforeEach(() => {
  server.reset();
  line.mend();
});

const rotatorWith = (options: EntraOptions = {}) =>
  entra({ cloud: { login: server.origin, graph: server.origin }, propagationMs: 0, ...options });

/** An application, and one that owns it. */
function owned() {
  const { keyId: _, ...administrator } = server.register();
  const application = server.register(administrator.clientId);
  return { secret: { ...application, masterarn: 'administrator' }, others: { administrator } };
}

describe.each(['by itself', 'by an administrator'])('the contract, %s', (mode) => {
  let others = {};
  let clientId = '';
  const subject = {
    reset() {
      server.reset();
      const { secret, ...rest } = mode === 'by itself' ? { secret: server.register(), others: {} } : owned();
      ({ others } = rest);
      ({ clientId } = secret);
      return secret;
    },
    others: () => others,
    accepts: ({ clientId, clientSecret }: Record<string, unknown>) => server.accepts(clientId, clientSecret),
    line: () => line,
    credentials: () => server.live(clientId).length,
    overlaps: true,
  };
  test.each(tried(rotatorContract({ rotator: rotatorWith, ...subject })))('$name', ({ run }) => run());
});

describe('a rotation', () => {
  test.each(['by itself', 'by an administrator'])(
    '%s leaves two passwords, three times over',
    async (mode) => {
      const { secret, others } = mode === 'by itself' ? { secret: server.register(), others: {} } : owned();
      const { rotate, value, warnings } = await rig(rotatorWith(), { secret, others });
      for (let rotation = 1; rotation <= 3; rotation++) {
        expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
        const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
        expect(server.live(secret.clientId)).toEqual([previous.keyId, current.keyId]);
        expect(server.accepts(secret.clientId, current.clientSecret)).toBe(true);
      }
      expect(warnings()).toEqual([]);
    },
  );

  test.each([
    ['by itself', {}],
    ['by an administrator', {}],
    ['by itself', { maxKeys: 2 }],
  ] as const)('%s, with %j, goes on where an application may have two passwords', async (mode, options) => {
    const { secret, others } = mode === 'by itself' ? { secret: server.register(), others: {} } : owned();
    server.limit = 2;
    const { rotate, value } = await rig(rotatorWith(options), { secret, others });
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const [previous, current] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      expect(server.live(secret.clientId)).toEqual([previous.keyId, current.keyId]);
    }
  });

  test('says that there is no room where nothing can go', async () => {
    const secret = server.register();
    server.limit = 1;
    const { rotate } = await rig(rotatorWith(), { secret });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_FULL' });
    expect(server.live(secret.clientId)).toEqual([secret.keyId]);
  });

  test('names the password after the rotation, and ends it when the option says', async () => {
    const secret = server.register();
    const { rotate } = await rig(rotatorWith({ lifetimeDays: 90 }), { secret });
    await rotate();
    const { displayName, endDateTime } = server.applications.get(secret.clientId)!.passwords.at(-1)!;
    expect(displayName).toMatch(/^secret-\w{6}-[0-9a-f-]{36}-[0-9a-f]{8}$/);
    const days = (Date.parse(endDateTime) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(89.99);
    expect(days).toBeLessThanOrEqual(90);
  });

  test('leaves the passwords alone that others have added', async () => {
    const secret = server.register();
    const { rotate } = await rig(rotatorWith(), { secret });
    const add = () => server.applications.get(secret.clientId)!.passwords;
    add().push({ ...add()[0]!, keyId: 'theirs', secretText: 'another', displayName: null });
    await rotate();
    await rotate();
    expect(server.live(secret.clientId)).toContain('theirs');
    expect(server.live(secret.clientId)).toHaveLength(3);
  });

  test.each([
    ['30 days', 30],
    ['two years', 730],
  ])('makes a password that lives as long as the one in use was made to: %s', async (_, days) => {
    const secret = server.register();
    const passwords = server.applications.get(secret.clientId)!.passwords;
    const endDateTime = new Date(Date.parse(passwords[0]!.startDateTime) + days * 86_400_000).toISOString();
    passwords[0] = { ...passwords[0]!, endDateTime };
    const { rotate } = await rig(rotatorWith(), { secret });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const made = passwords.at(-1)!;
    const lives = (Date.parse(made.endDateTime) - Date.parse(made.startDateTime)) / 86_400_000;
    expect(made.keyId).not.toBe(secret.keyId);
    expect(lives).toBeLessThanOrEqual(days);
    expect(lives).toBeGreaterThan(days - 0.01);
  });

  test('makes no password for one whose id is not known: how long it may live is not known either', async () => {
    const { keyId, ...secret } = server.register();
    const { rotate } = await rig(rotatorWith(), { secret: { ...secret, keyId: 'another' } });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    expect(server.live(secret.clientId)).toEqual([keyId]);
  });

  test.each(['soon', '0001-01-01T00:00:00Z'])(
    'makes no password where %j is said to be the end of the one in use: it would live for two years',
    async (endDateTime) => {
      const secret = server.register();
      const passwords = server.applications.get(secret.clientId)!.passwords;
      const [password] = passwords;
      passwords[0] = Object.assign({ ...password! }, { toJSON: () => ({ ...password, endDateTime }) });
      const { rotate } = await rig(rotatorWith(), { secret });
      expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
      expect(server.live(secret.clientId)).toEqual([secret.keyId]);
    },
  );

  test('does not move AWSCURRENT before all of Entra knows the new password', async () => {
    server.firstChecks = [true, false, true, true, false, false];
    const { rotate } = await rig(rotatorWith({ propagationMs: 5000, settleMs: 60 }), {
      secret: server.register(),
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.firstChecks).toEqual([]);
  });

  test.each([
    [2, undefined, 'succeeded'],
    [Number.POSITIVE_INFINITY, undefined, 'failed'],
    [Number.POSITIVE_INFINITY, 'late', 'succeeded'],
  ] as const)(
    'tries the removed password, which works %d times, with ends %s: %s',
    async (echoes, ends, outcome) => {
      server.echoes = echoes;
      const { rotate, value, log } = await rig(rotatorWith({ ends }), { secret: server.register() });
      await rotate();
      const [first, second] = [await value('AWSPREVIOUS'), await value('AWSCURRENT')];
      const { steps } = await rotate();
      const error = steps.at(-1)?.error;
      if (outcome === 'succeeded') {
        expect(error).toBeUndefined();
        expect(log.at(-1)?.endedKeyWorks).toBe(ends && 1);
      } else {
        expect(error).toMatchObject({
          code: 'ERR_KEY_STILL_WORKS',
          message: expect.stringContaining(first.keyId),
        });
        expect(await value('AWSCURRENT')).toEqual(second);
      }
    },
  );

  test.each([409, 422])('takes no %i for the end of a password', async (status) => {
    const secret = server.register();
    const { rotate, value } = await rig(rotatorWith(), { secret });
    await rotate();
    const second = await value('AWSCURRENT');
    server.replaced.set('/removePassword', { status, body: { error: { code: 'Conflict' } } });
    expect(await rotate()).toMatchObject({ outcome: 'failed' });
    expect(await value('AWSCURRENT')).toEqual(second);
    expect(server.live(secret.clientId)).toHaveLength(3);
  });

  test('waits until Entra knows the new password', async () => {
    server.lag = 3;
    const { rotate } = await rig(rotatorWith({ propagationMs: 5000 }), { secret: server.register() });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(server.lag).toBeLessThanOrEqual(0);
  });
});

describe('a lost answer', () => {
  test('of addPassword leaves no live stray in the end', async () => {
    const secret = server.register();
    const { begin, run, reattempt, rotate, value } = await rig(rotatorWith(), { secret });
    await begin();
    server.lost.add('/addPassword');
    expect((await run()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_UNREACHABLE' });
    expect(server.live(secret.clientId)).toHaveLength(2);
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(server.live(secret.clientId)).toEqual([secret.keyId, (await value('AWSCURRENT')).keyId]);
    await rotate();
    expect(server.live(secret.clientId)).toHaveLength(2);
  });

  test('of removePassword is asked for again, and what is gone is success', async () => {
    const secret = server.register();
    const { rotate, reattempt } = await rig(rotatorWith(), { secret });
    await rotate();
    server.lost.add('/removePassword');
    expect((await rotate()).steps.at(-1)).toMatchObject({ step: 'finishSecret' });
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(server.live(secret.clientId)).toHaveLength(2);
  });
});

describe('what Entra and Graph refuse', () => {
  test('a 429 is waited for as long as it asks', async () => {
    const secret = server.register();
    const { rotate } = await rig(rotatorWith(), { secret });
    server.replaced.set('/addPassword', { status: 429, headers: { 'retry-after': '1' } });
    const startedAt = performance.now();
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    expect(server.requests.filter((line) => line.endsWith('/addPassword'))).toHaveLength(2);
  });

  test('a 429 that asks for more time than there is fails the step', async () => {
    const { rotate } = await rig(rotatorWith(), { secret: server.register() });
    server.replaced.set('/addPassword', { status: 429, headers: { 'retry-after': '600' } });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      hint: expect.stringContaining('600 s'),
    });
    expect(server.requests.filter((line) => line.endsWith('/addPassword'))).toHaveLength(1);
  });

  test('an application that owns nothing is told that it lacks a right', async () => {
    const secret = server.register();
    server.applications.get(secret.clientId)!.owners.clear();
    const { rotate } = await rig(rotatorWith(), { secret });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
    expect(server.live(secret.clientId)).toEqual([secret.keyId]);
  });

  test('an unknown application is missing, not rejected', async () => {
    const secret = server.register();
    server.applications.delete(secret.clientId);
    const { rotate } = await rig(rotatorWith(), { secret });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_USER_MISSING' });
  });

  test('the administrator adds no password to an application whose own the secret does not hold', async () => {
    const { secret, others } = owned();
    const { rotate } = await rig(rotatorWith(), { secret: { ...secret, clientSecret: 'guessed' }, others });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    expect(server.live(secret.clientId)).toEqual([secret.keyId]);
    expect(server.requests.filter((line) => line.includes('/v1.0/'))).toEqual([]);
  });

  test('the administrator’s password goes to no other tenant', async () => {
    const { secret, others } = owned();
    const elsewhere = { administrator: { ...others.administrator, tenantId: 'other.example' } };
    const { rotate } = await rig(rotatorWith(), { secret, others: elsewhere });
    expect((await rotate()).steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('tenant other.example'),
    });
    expect(server.requests.filter((line) => !line.includes('11111111-'))).toEqual([]);
  });

  test.each([
    ['a sign-in page', { status: 200, text: '<html>sign in</html>' }],
    ['no password', { status: 200, body: { keyId: 'id', secretText: '' } }],
    ['a list', { status: 200, text: '[]' }],
    ['a failure', { status: 503, text: 'secretText' }],
  ])('%s instead of a password is an error that quotes nothing', async (_, answer) => {
    const secret = server.register();
    const { begin, deliver, log } = await rig(rotatorWith(), { secret });
    await begin();
    server.replaced.set('/addPassword', answer);
    const error = await rejection(deliver('createSecret'));
    expect(error).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
    const told = allOf(error) + inspect(log);
    for (const text of [secret.clientSecret, '<html>', 'secretText'])
      expect(leaks(told, text)).toBeUndefined();
    expect(server.live(secret.clientId)).toEqual([secret.keyId]);
  });
});

test.each([
  [{ clientId: "x')/addPassword#" }, '"clientId"'],
  [{ tenantId: '../../evil' }, '"tenantId"'],
])('an id that would lead elsewhere is refused: %p', async (wrong, field) => {
  const { rotate } = await rig(rotatorWith(), { secret: { ...server.register(), ...wrong } });
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({
    code: 'ERR_SECRET_MALFORMED',
    message: expect.stringContaining(field),
  });
  expect(server.requests).toEqual([]);
});

test.each<[string, EntraOptions]>([
  ['no cloud', { cloud: 'mars' as 'global' }],
  ['an insecure cloud', { cloud: { login: 'http://login.example', graph: 'https://graph.example' } }],
  ['no days', { lifetimeDays: 0 }],
])('an option that is %s is refused at once', (_, options) => {
  expect(() => entra(options)).toThrow(TypeError);
});
