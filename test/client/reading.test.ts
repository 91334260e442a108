import { isSecretError, rotatingSecret } from '../../src/client/index.js';
import {
  awsError,
  clientWorld,
  freeze,
  outcomeOf,
  pass,
  settle,
  unreachable,
} from '../support/client-world.js';

const HOUR = 3_600_000;

afterEach(() => jest.useRealTimers());

test('reads a secret that RDS manages, by its name or its ARN', async () => {
  const name = 'rds!cluster-11111111-2222-3333-4444-555555555555';
  for (const id of [name, `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${name}-AbCdEf`]) {
    const asked: unknown[] = [];
    const client = {
      async getSecretValue({ SecretId }: { SecretId: string }) {
        asked.push(SecretId);
        return { VersionId: 'v1', SecretString: '{"username":"admin","password":"password-one"}' };
      },
    };
    const secret = rotatingSecret(id, { client });
    expect((await secret.get()).value.username).toBe('admin');
    expect(asked).toEqual([id]);
    secret.close();
  }
});

test('10,000 who ask at once are one call', async () => {
  const { secret, remote } = await clientWorld();
  const versions = await Promise.all(Array.from({ length: 10_000 }, () => secret.get()));
  expect(new Set(versions).size).toBe(1);
  expect(versions[0]?.value.password).toBe('password-one');
  expect(remote.calls).toEqual(['AWSCURRENT']);
});

test('a value is looked at before it is five minutes old, by a timer that keeps no process alive', async () => {
  const { secret, remote, stage } = await clientWorld();
  await secret.get();
  await stage({ password: 'password-two' }, ['AWSCURRENT']);
  await pass(300_000);
  expect(remote.calls).toHaveLength(2);
  const { value } = await secret.get();
  expect(value.password).toBe('password-two');
  secret.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('a secret that nobody asks for is not looked at for ever, and answers at once when somebody does', async () => {
  const { secret, remote } = await clientWorld();
  await secret.get();
  await pass(10 * HOUR);
  expect(remote.calls.length).toBeLessThanOrEqual(2);
  remote.held = new Promise(() => {});
  expect(outcomeOf(secret.get())).toMatchObject({});
  await expect(secret.get()).resolves.toMatchObject({ stage: 'AWSCURRENT' });
});

test('frozen for two hours in mid-flight: the held value at once, and a new look beside the dead one', async () => {
  const { secret, remote, stage } = await clientWorld();
  await secret.get();
  let thaw = () => {};
  remote.held = new Promise<void>((resolve) => {
    thaw = resolve;
  });
  while (remote.calls.length < 2) await pass(1000);
  const two = await stage({ password: 'password-two' }, ['AWSCURRENT']);
  freeze(2 * HOUR);
  remote.held = undefined;
  expect((await secret.get()).value.password).toBe('password-one');
  await settle();
  expect(remote.calls).toHaveLength(3);
  expect(await secret.get()).toMatchObject({ versionId: two });
  // What the frozen look brings is older than what is held.
  thaw();
  await settle();
  expect(await secret.get()).toMatchObject({ versionId: two });
});

test('in Lambda no timer looks, and a look begins with the first call that meets a value which is due', async () => {
  process.env.AWS_LAMBDA_FUNCTION_NAME = 'app';
  try {
    const { secret, remote } = await clientWorld();
    await secret.get();
    expect(jest.getTimerCount()).toBe(0);
    freeze(2 * HOUR);
    await secret.get();
    await settle();
    expect(remote.calls).toHaveLength(2);
  } finally {
    delete process.env.AWS_LAMBDA_FUNCTION_NAME;
  }
});

test('with the clock set back by an hour the value is due, not stale, and looked at once', async () => {
  const { secret, remote } = await clientWorld();
  await secret.get();
  freeze(-HOUR);
  remote.failure = unreachable();
  expect((await secret.get()).value.password).toBe('password-one');
  await settle();
  expect(remote.calls).toHaveLength(2);
  await Promise.all(Array.from({ length: 100 }, () => secret.get()));
  await settle();
  expect(remote.calls).toHaveLength(2);
});

describe('while Secrets Manager is away', () => {
  test('for 23 h the held value is given out, with calls that grow rare', async () => {
    const { secret, remote, types } = await clientWorld();
    await secret.get();
    remote.failure = unreachable();
    for (let minute = 0; minute < 23 * 60; minute++) {
      await pass(60_000);
      expect((await secret.get()).value.password).toBe('password-one');
    }
    expect(remote.calls.length).toBeLessThan(23 * 60);
    expect(types()).toContain('read-failed');
    expect(types()).toContain('stale-used');
  });

  test('for 25 h it is given out no more, and comes back with Secrets Manager', async () => {
    const { secret, remote } = await clientWorld();
    await secret.get();
    remote.failure = unreachable();
    await pass(25 * HOUR);
    await expect(secret.get()).rejects.toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    remote.failure = undefined;
    await pass(1000);
    await expect(secret.get()).resolves.toMatchObject({ stage: 'AWSCURRENT' });
  });

  test('from the start: each call fails, at most one a second asks, and the error says what to do', async () => {
    const { secret, remote } = await clientWorld();
    remote.failure = unreachable();
    for (let n = 0; n < 100; n++) {
      const error = await secret.get().catch((thrown) => thrown);
      expect(isSecretError(error)).toBe(true);
      expect(error).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE', secretId: 'app/db' });
      expect(error.message).toContain('ECONNREFUSED');
      await pass(100);
    }
    expect(remote.calls.length).toBeLessThanOrEqual(11);
  });
});

test.each([
  'AccessDeniedException',
  'ExpiredTokenException',
  'CredentialsProviderError',
  'DecryptionFailure',
])('%s takes no value away that works: it is an event, and bounded as an outage is', async (name) => {
  const { secret, remote, events } = await clientWorld();
  await secret.get();
  remote.failure = awsError(name);
  await pass(300_000);
  expect(events.at(-1)).toMatchObject({ type: 'access-denied', reason: name, code: 'ERR_SECRET_DENIED' });
  await pass(22 * HOUR);
  expect((await secret.get()).value.password).toBe('password-one');
  await pass(3 * HOUR);
  await expect(secret.get()).rejects.toMatchObject({ code: 'ERR_SECRET_DENIED' });
});

test('a new AWSCURRENT that is no such value keeps the held one, and is an event', async () => {
  const { secret, secrets, events } = await clientWorld();
  await secret.get();
  await secrets.putSecretValue({ SecretId: 'app/db', SecretString: '{"password": "typed by ha' });
  await pass(300_000);
  expect(events.at(-1)).toMatchObject({ type: 'read-failed', code: 'ERR_SECRET_MALFORMED' });
  expect((await secret.get()).value.password).toBe('password-one');
});

test('a look that hangs ends after ten seconds for those that wait, and for good', async () => {
  const { secret, remote } = await clientWorld();
  remote.held = new Promise(() => {});
  const waiting = outcomeOf(secret.get());
  await pass(9_000);
  expect(waiting.isOver).toBe(false);
  await pass(1_000);
  expect(waiting.error).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('a signal ends one wait, not the look of the others, and keeps no listener', async () => {
  const { secret, remote } = await clientWorld();
  let answer = () => {};
  remote.held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const abort = new AbortController();
  const removed = jest.spyOn(abort.signal, 'removeEventListener');
  const impatient = outcomeOf(secret.get({ signal: abort.signal }));
  const patient = outcomeOf(secret.get());
  abort.abort(new Error('enough'));
  await settle();
  expect(impatient.error).toMatchObject({ message: 'enough' });
  expect(removed).toHaveBeenCalled();
  answer();
  await settle();
  expect(patient.value).toMatchObject({ stage: 'AWSCURRENT' });
  expect(remote.calls).toHaveLength(1);
});

test('invalidate looks at once and the next get waits for it; an id that is held changes nothing', async () => {
  const { secret, remote, stage } = await clientWorld();
  const one = await secret.get();
  secret.invalidate(one.versionId);
  await settle();
  expect(remote.calls).toHaveLength(1);
  const two = await stage({ password: 'password-two' }, ['AWSCURRENT']);
  secret.invalidate(two);
  expect(await secret.get()).toMatchObject({ versionId: two });
  await pass(1000);
  remote.failure = unreachable();
  secret.invalidate();
  expect(await secret.get()).toMatchObject({ versionId: two });
});

test('onChange tells each other version once, until it is ended', async () => {
  const { secret, stage } = await clientWorld();
  const seen: string[] = [];
  const end = secret.onChange(({ versionId }) => seen.push(versionId));
  await secret.get();
  const two = await stage({ password: 'password-two' }, ['AWSCURRENT']);
  await pass(300_000);
  expect(seen).toEqual([two]);
  end();
  await stage({ password: 'password-three' }, ['AWSCURRENT']);
  secret.invalidate();
  await secret.get();
  expect(seen).toEqual([two]);
});

test('a pinned id is read once, another label as AWSCURRENT is, and neither ever tries AWSPENDING', async () => {
  const { secret, secrets, client, remote, stage } = await clientWorld();
  const { versionId } = await secret.get();
  await stage({ password: 'password-two' }, ['AWSCURRENT']);
  const pinned = rotatingSecret('app/db', { client, version: { id: versionId } });
  const previous = rotatingSecret('app/db', { client, version: { stage: 'AWSPREVIOUS' } });
  const version = await pinned.get();
  expect(await previous.get()).toMatchObject({ versionId });
  remote.calls.length = 0;
  await pass(30 * HOUR);
  expect(await pinned.get()).toBe(version);
  expect(await pinned.refused(version)).toBeUndefined();
  expect(remote.calls).not.toContain(versionId);
  expect(remote.calls).not.toContain('AWSPENDING');
  expect(secrets).toBeDefined();
});

test('text and bytes: bytes are a copy each time', async () => {
  const { secrets, client } = await clientWorld();
  await secrets.createSecret({ Name: 'text', SecretString: 'not JSON at all' });
  await secrets.createSecret({ Name: 'bytes', SecretBinary: Uint8Array.of(1, 2, 3) });
  const text = await rotatingSecret<string>('text', { client, as: 'text' }).get();
  expect(text.value).toBe('not JSON at all');
  const bytes = await rotatingSecret<Uint8Array>('bytes', { client, as: 'bytes' }).get();
  bytes.value.fill(0);
  expect([...bytes.value]).toEqual([1, 2, 3]);
  const wrong = rotatingSecret('text', { client });
  await expect(wrong.get()).rejects.toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
});

test.each([
  [{ pending: ['username'] }, 'pending must not name "username": it decides who logs in where'],
  [{ pending: ['password', 'host'] }, 'pending must not name "host"'],
  [{ pending: ['connection-string'] }, 'pending must not name "connection-string"'],
  [{ pending: ['password', 'apiUrl'] }, 'pending must not name "apiUrl"'],
  [{ pending: ['replica_host'] }, 'pending must not name "replica_host"'],
  [{ as: 'text', pending: ['password'] }, 'pending names fields of JSON: remove `pending`, or `as`'],
  [
    { version: { stage: 'AWSPREVIOUS' }, pending: ['password'] },
    'pending has no effect with a pinned version',
  ],
  [{ freshMs: 0 }, 'freshMs'],
  [{ staleMs: Number.NaN }, 'staleMs'],
  [{ windowMs: -1 }, 'windowMs'],
  [{ windowMs: Number.POSITIVE_INFINITY }, 'windowMs'],
  [{ windowMs: 2 ** 31 }, 'windowMs'],
] as const)('options %j are refused', (options, message) => {
  expect(() => rotatingSecret('app/db', options)).toThrow(message);
});

test('a closed secret forgets, answers no more, and drops the answer that was under way', async () => {
  const { secret, remote } = await clientWorld();
  await secret.get();
  let answer = () => {};
  remote.held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  secret.invalidate();
  const waiting = outcomeOf(secret.get());
  secret.close();
  answer();
  await settle();
  expect(waiting.error).toMatchObject({ code: 'ERR_SECRET_CLOSED' });
  await expect(secret.get()).rejects.toMatchObject({ code: 'ERR_SECRET_CLOSED' });
  expect(jest.getTimerCount()).toBe(0);
});
