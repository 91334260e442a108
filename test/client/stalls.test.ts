import { prefetch, rotatingFetch, rotatingSecret } from '../../src/client/index.js';
import { clientWorld, freeze, outcomeOf, pass, Refused, Service, settle } from '../support/client-world.js';

afterEach(() => jest.useRealTimers());

test.each([
  ['a pinned id', (versionId: string) => ({ version: { id: versionId } })],
  ['another label', () => ({ version: { stage: 'AWSCURRENT-1' } })],
  ['a window of 0', () => ({ windowMs: 0 })],
] as const)('with %s many log in at once: nothing was refused, so nobody is', async (name, optionsOf) => {
  const { secret: first, secrets, client } = await clientWorld();
  const { versionId } = await first.get();
  if (name === 'another label') {
    const label = { SecretId: 'app/db', VersionStage: 'AWSCURRENT-1', MoveToVersionId: versionId };
    await secrets.updateSecretVersionStage(label);
  }
  const secret = rotatingSecret<{ username: string; password: string }>('app/db', {
    client,
    ...optionsOf(versionId),
  });
  const service = new Service('password-one');
  service.latencyMs = 400;
  const all = Array.from({ length: 10 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(5000);
  for (const { value } of all) expect(value).toBe('password-one');
});

test('whose time is over while the first login is under way logs in as well: nothing was refused', async () => {
  const { secret } = await clientWorld();
  const service = new Service('password-one');
  service.latencyMs = 400;
  const all = Array.from({ length: 10 }, () => outcomeOf(secret.logIn(service.logIn, { limitMs: 270 })));
  await pass(5000);
  for (const { value } of all) expect(value).toBe('password-one');
});

test('of thousands who come at the start none is refused before anything was', async () => {
  const { secret } = await clientWorld();
  const service = new Service('password-one');
  service.latencyMs = 20;
  const all = Array.from({ length: 3000 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(5000);
  expect(all.filter(({ value }) => value !== 'password-one')).toEqual([]);
});

test('invalidate in a loop makes neither a storm of logins nor one of calls', async () => {
  const { secret, remote } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  service.latencyMs = 5;
  remote.calls.length = 0;
  for (let n = 0; n < 1000; n++) {
    secret.invalidate();
    outcomeOf(secret.logIn(service.logIn));
    await jest.advanceTimersByTimeAsync(20);
  }
  // Twenty seconds.
  expect(service.refused).toBeLessThanOrEqual(25);
  expect(remote.calls.length).toBeLessThanOrEqual(45);
});

test('an event that comes while a look is under way is not lost: the next get waits for a look that began later', async () => {
  const { secret, remote, stage } = await clientWorld();
  await secret.get();
  let answer = () => {};
  remote.held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  secret.invalidate();
  await settle();
  const two = await stage({ password: 'password-two' }, ['AWSCURRENT']);
  secret.invalidate(two);
  const outcome = outcomeOf(secret.get());
  remote.held = undefined;
  answer();
  await pass(1500);
  expect(outcome.value).toMatchObject({ versionId: two });
});

test('a freeze is no window: whoever is there when it thaws is looked for', async () => {
  const { secret, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  await pass(2000);
  outcomeOf(secret.logIn(service.logIn));
  await pass(700);
  await stage({ password: 'password-two' });
  service.accepted.add('password-two');
  freeze(40_000);
  const outcomes = [];
  for (let n = 0; n < 30; n++) {
    outcomes.push(outcomeOf(secret.logIn(service.logIn)));
    await pass(300);
  }
  await pass(10_000);
  expect(outcomes.filter(({ value }) => value !== 'password-two')).toEqual([]);
});

test('while Secrets Manager is away, callers one after another do not wait a window each', async () => {
  const { secret, remote } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  await pass(2000);
  remote.failure = new Error('away');
  const from = Date.now();
  const work = (async () => {
    for (let n = 0; n < 100; n++) {
      await secret.logIn(service.logIn).catch((error) => expect(error).toBeInstanceOf(Refused));
    }
    return Date.now() - from;
  })();
  const outcome = outcomeOf(work);
  for (let n = 0; n < 60 && !outcome.isOver; n++) await pass(1000);
  expect(outcome.isOver).toBe(true);
});

test('a window that is no number is none: one look, and no loop', async () => {
  const { secret } = await clientWorld({ windowMs: () => Number.NaN });
  const service = new Service();
  const outcome = outcomeOf(secret.logIn(service.logIn));
  await settle();
  expect(outcome.error).toBeInstanceOf(Refused);
});

test('one look while Secrets Manager hangs ends after two seconds, or with the signal', async () => {
  const { secret, remote } = await clientWorld();
  const version = await secret.get();
  await pass(2000);
  remote.held = new Promise(() => {});
  const one = outcomeOf(secret.refused(version, { limitMs: 0 }));
  const abort = new AbortController();
  const other = outcomeOf(secret.refused(version, { limitMs: 0, signal: abort.signal }));
  await pass(100);
  abort.abort(new Error('enough'));
  await settle();
  expect(other.error).toMatchObject({ message: 'enough' });
  await pass(2000);
  expect(one.isOver).toBe(true);
});

test('close ends the waits of those who wait for Secrets Manager, and its timers', async () => {
  const { secret, remote } = await clientWorld();
  remote.held = new Promise(() => {});
  const waiting = [outcomeOf(secret.get()), outcomeOf(secret.logIn(async () => 'in'))];
  await settle();
  secret.close();
  await settle();
  for (const { error } of waiting) expect(error).toMatchObject({ code: 'ERR_SECRET_CLOSED' });
  expect(jest.getTimerCount()).toBe(0);
});

test('a search leaves no timer behind once nobody waits', async () => {
  const { secret } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  const abort = new AbortController();
  const outcome = outcomeOf(secret.logIn(service.logIn, { signal: abort.signal }));
  await pass(4000);
  abort.abort(new Error('enough'));
  await settle();
  expect(outcome.isOver).toBe(true);
  secret.close();
  expect(jest.getTimerCount()).toBe(0);
});

test('prefetch ends though Secrets Manager hangs', async () => {
  const { secret, client, remote } = await clientWorld();
  const many = { ...client, batchGetSecretValue: () => new Promise<never>(() => {}) };
  const other = rotatingSecret('app/db', { client: many });
  remote.held = new Promise(() => {});
  const outcome = outcomeOf(prefetch([other, secret]));
  await pass(30_000);
  expect(outcome.isOver).toBe(true);
});

test('an end user’s 401 while AWSPENDING is there costs no other request', async () => {
  const { secret, stage } = await clientWorld();
  await secret.get();
  await stage({ password: 'password-two' });
  await pass(2000);
  const send = rotatingFetch(secret, ({ password }, headers) => headers.set('x-key', password), {
    fetch: async (url, init) => {
      const key = new Headers(init?.headers).get('x-key');
      await new Promise((resolve) => setTimeout(resolve, 20));
      const isIn = key === 'password-one' && !String(url).endsWith('/forbidden');
      return new Response('', { status: isIn ? 200 : 401 });
    },
  });
  const outcomes: ReturnType<typeof outcomeOf<Response>>[] = [];
  for (let n = 0; n < 400; n++) {
    if (n % 20 === 0) outcomeOf(send('http://service.example/forbidden'));
    outcomes.push(outcomeOf(send('http://service.example/')));
    await pass(7);
  }
  await pass(5000);
  expect(outcomes.filter(({ value }) => value?.status !== 200)).toEqual([]);
});
