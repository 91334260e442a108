import { isLoginRefused, rotatingSecret, withSecret } from '../../src/client/index.js';
import {
  awsError,
  clientWorld,
  outcomeOf,
  pass,
  Refused,
  Service,
  settle,
  unreachable,
} from '../support/client-world.js';

afterEach(() => jest.useRealTimers());

test('a thousand who are refused at once cost two calls, and one refused login; then all are in', async () => {
  const { secret, remote, stage, types } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  await stage({ password: 'password-two' });
  service.accepted.clear();
  service.accepted.add('password-two');
  await expect(secret.refused(await secret.get(), { place: {} })).resolves.toBeDefined();
  remote.calls.length = 0;
  await pass(2000);

  // Ten are under way when the password changes: no client can help that. Nobody is refused after them.
  service.accepted.clear();
  service.accepted.add('password-one');
  await secret.logIn(service.logIn);
  service.latencyMs = 20;
  const early = Array.from({ length: 10 }, () => outcomeOf(secret.logIn(service.logIn)));
  service.accepted.clear();
  service.accepted.add('password-two');
  await pass(10);
  expect(service.refused).toBe(0);
  const late = Array.from({ length: 990 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(500);
  for (const { value } of [...early, ...late]) expect(value).toBe('password-two');
  expect(remote.calls.length).toBeLessThanOrEqual(2);
  expect(types()).toContain('pending-used');
});

test('a thousand who come after a refusal: one is let through as a probe, and the rest wait for it', async () => {
  const { secret, remote, stage } = await clientWorld();
  const service = new Service('password-one');
  const place = {};
  await secret.logIn(service.logIn, { place });
  await stage({ password: 'password-two' });
  service.accepted.clear();
  service.accepted.add('password-two');
  service.latencyMs = 20;
  await pass(1000);
  remote.calls.length = 0;
  const all = Array.from({ length: 1000 }, (_, n) => n).map(async (n) => {
    await new Promise((resolve) => setTimeout(resolve, n < 1 ? 0 : 30));
    return secret.logIn(service.logIn, { place });
  });
  const outcomes = all.map(outcomeOf);
  await pass(1000);
  expect(outcomes.every(({ value }) => value === 'password-two')).toBe(true);
  expect(service.refused).toBe(1);
  expect(remote.calls).toEqual(['AWSCURRENT', 'AWSPENDING']);
});

test('logins that fail for other reasons hide no refusal: what is refused is tried once a back-off all the same', async () => {
  const { secret } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  service.latencyMs = 20;
  let [logins, isOver] = [0, false];
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const outcomes = Array.from({ length: 20 }, async () => {
    while (!isOver) {
      await secret
        .logIn(async (value) => {
          if (++logins % 2) throw reset;
          return service.logIn(value);
        })
        .catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
  await pass(20_000);
  isOver = true;
  await pass(15_000);
  await Promise.all(outcomes);
  // Those under way when the first was refused, then one a back-off period.
  expect(service.refused).toBeLessThanOrEqual(20 + 6);
});

test('a new version is tried by one first, and a version that hangs holds nobody longer than a second', async () => {
  const { secret } = await clientWorld();
  const service = new Service();
  service.latencyMs = 20;
  const all = Array.from({ length: 100 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(15_000);
  // One a back-off period: at 0, 1, 3 and 7 s.
  expect(service.refused).toBeLessThanOrEqual(4);
  for (const { error } of all) expect(error).toBeInstanceOf(Refused);

  const other = await clientWorld();
  const slow = new Service('password-one');
  slow.latencyMs = 5000;
  const waiting = Array.from({ length: 10 }, () => outcomeOf(other.secret.logIn(slow.logIn)));
  await pass(1000);
  expect(slow.logins).toHaveLength(10);
  await pass(5000);
  for (const { value } of waiting) expect(value).toBe('password-one');
});

test('a service that takes the new value 3 s late fails nobody', async () => {
  const { secret, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  await stage({ password: 'password-two' }, ['AWSCURRENT']);
  const outcomes = [];
  for (let n = 0; n < 60; n++) {
    outcomes.push(outcomeOf(secret.logIn(service.logIn)));
    await pass(50);
  }
  service.accepted.add('password-two');
  for (let n = 0; n < 60; n++) {
    outcomes.push(outcomeOf(secret.logIn(service.logIn)));
    await pass(10_000);
  }
  expect(outcomes.filter(({ value }) => value !== 'password-two')).toEqual([]);
  expect(service.refused).toBeLessThanOrEqual(4);
});

test('a replica that lags beside its writer: neither fails, and neither learns from the other', async () => {
  const { secret, stage, promote } = await clientWorld();
  const [writer, replica] = [new Service('password-one'), new Service('password-one')];
  const logIns = () => [
    outcomeOf(secret.logIn(writer.logIn, { place: writer })),
    outcomeOf(secret.logIn(replica.logIn, { place: replica })),
  ];
  const outcomes = logIns();
  await settle();
  const two = await stage({ password: 'password-two' });
  for (let second = 0; second < 60; second++) {
    if (second === 1) {
      writer.accepted.clear();
      writer.accepted.add('password-two');
    }
    if (second === 3) await promote(two);
    if (second === 6) {
      replica.accepted.clear();
      replica.accepted.add('password-two');
    }
    outcomes.push(...logIns());
    await pass(1000);
  }
  await pass(10_000);
  expect(outcomes.filter(({ value }) => value === undefined)).toEqual([]);
  expect(replica.refused).toBeLessThanOrEqual(4);
});

test('a caller with a signal of 100 ms ends its own wait, with its own error, and nobody else’s', async () => {
  const { secret, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 100);
  const short = outcomeOf(secret.logIn(service.logIn, { signal: abort.signal }));
  const patient = outcomeOf(secret.logIn(service.logIn));
  await pass(150);
  expect(short.error).toBeInstanceOf(Refused);
  expect(patient.isOver).toBe(false);
  await pass(1850);
  await stage({ password: 'password-two' });
  service.accepted.add('password-two');
  await pass(8000);
  expect(patient.value).toBe('password-two');
  await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
});

test('nothing is remembered of a search that was left; a full window that found nothing is, for its place alone', async () => {
  const { secret, remote, types } = await clientWorld();
  const [dead, other] = [new Service(), new Service('password-one')];
  const short = outcomeOf(secret.logIn(dead.logIn, { place: dead, limitMs: 100 }));
  await pass(200);
  expect(short.error).toBeInstanceOf(Refused);
  expect(types()).not.toContain('gave-up');
  const whole = outcomeOf(secret.logIn(dead.logIn, { place: dead }));
  await pass(9000);
  expect(whole.isOver).toBe(true); // Three logins, then its own error.
  const second = outcomeOf(secret.logIn(dead.logIn, { place: dead }));
  await pass(10_000);
  expect(second.isOver).toBe(true);

  const waits = outcomeOf(secret.logIn(dead.logIn, { place: dead }));
  await pass(12_000);
  expect(waits.error).toBeInstanceOf(Refused);
  expect(types()).toContain('gave-up');
  remote.calls.length = 0;
  const atOnce = outcomeOf(secret.logIn(dead.logIn, { place: dead }));
  await settle();
  expect(atOnce.error).toBeInstanceOf(Refused);
  expect(remote.calls).toEqual([]);
  await expect(secret.logIn(other.logIn, { place: other })).resolves.toBe('password-one');
  // An event takes it back.
  secret.invalidate();
  await settle();
  dead.accepted.add('password-one');
  await expect(secret.logIn(dead.logIn, { place: dead })).resolves.toBe('password-one');
});

test('a person who mends the password by hand is noticed, without a restart', async () => {
  const { secret } = await clientWorld();
  const service = new Service();
  for (let n = 0; n < 20; n++) {
    outcomeOf(secret.logIn(service.logIn));
    await pass(30_000);
  }
  expect(service.refused).toBeLessThan(40);
  service.accepted.add('password-one');
  await pass(30_000);
  const outcome = outcomeOf(secret.logIn(service.logIn));
  await pass(10_000);
  expect(outcome.value).toBe('password-one');
});

describe('what is no refusal of the credential', () => {
  test.each([
    [
      'an application function that raises 28P01',
      { code: '28P01', severity: 'ERROR', routine: 'exec_stmt_raise' },
    ],
    ['no pg_hba.conf entry', { code: '28000', severity: 'FATAL' }],
    ['a locked account', { code: 'ER_ACCOUNT_HAS_BEEN_LOCKED', errno: 3118 }],
    ['a full server', { code: '53300', severity: 'FATAL' }],
    ['a timeout', { code: 'ETIMEDOUT' }],
    ['a missing right', { status: 403 }],
    ['nothing at all', undefined],
  ])('%s', (_, error) => expect(isLoginRefused(error)).toBe(false));

  test.each([
    ['PostgreSQL', { code: '28P01', severity: 'FATAL', routine: 'auth_failed' }],
    ['MySQL', { code: 'ER_ACCESS_DENIED_ERROR', errno: 1045 }],
    ['HTTP', { status: 401 }],
    ['a cause', new Error('pool', { cause: new Refused() })],
    ['one of several addresses', new AggregateError([unreachable(), new Refused()])],
  ])('%s’s refusal is one', (_, error) => expect(isLoginRefused(error)).toBe(true));

  test('a cause that leads in a circle ends', () => {
    const error: Error & { cause?: unknown } = new Error('round');
    error.cause = error;
    expect(isLoginRefused(error)).toBe(false);
  });
});

test('withSecret runs its second callback once, whatever it throws, and judges nothing of it', async () => {
  const { secret, remote } = await clientWorld();
  const service = new Service('password-one');
  let orders = 0;
  const work = withSecret(secret, service.logIn, async () => {
    orders++;
    throw new Refused('invalid_password: the end user mistyped');
  });
  await expect(work).rejects.toThrow('mistyped');
  expect(orders).toBe(1);
  expect(service.logins).toHaveLength(1);
  expect(remote.calls).toEqual(['AWSCURRENT']);
  await expect(withSecret(secret, service.logIn, (session) => session)).resolves.toBe('password-one');
});

test('an error of the login that is no refusal is thrown as it is, at once, and shuts nothing', async () => {
  const { secret, remote } = await clientWorld();
  await expect(secret.logIn(() => Promise.reject(unreachable()))).rejects.toThrow('ECONNREFUSED');
  const service = new Service('password-one');
  const all = await Promise.all(Array.from({ length: 10 }, () => secret.logIn(service.logIn)));
  expect(all).toHaveLength(10);
  expect(remote.calls).toEqual(['AWSCURRENT']);
});

describe('AWSPENDING', () => {
  test('is left when the label is taken off only for another AWSCURRENT, or when it is refused', async () => {
    const { secret, stage, unlabel, types } = await clientWorld();
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    const two = await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
    await unlabel(two);
    for (let minute = 0; minute < 120; minute++) {
      await pass(60_000);
      await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
    }
    expect(types().filter((type) => type === 'pending-orphaned')).toHaveLength(1);
    expect(service.refused).toBe(1);
    await stage({ password: 'password-three' }, ['AWSCURRENT']);
    service.accepted.clear();
    service.accepted.add('password-three');
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(5000);
    expect(outcome.value).toBe('password-three');
  });

  test('in use in one place is not tried in another that has refused nothing', async () => {
    const { secret, stage } = await clientWorld();
    const [writer, replica] = [new Service('password-one'), new Service('password-one')];
    await secret.logIn(writer.logIn, { place: writer });
    await stage({ password: 'password-two' });
    writer.accepted.clear();
    writer.accepted.add('password-two');
    await secret.logIn(writer.logIn, { place: writer });
    await expect(secret.logIn(replica.logIn, { place: replica })).resolves.toBe('password-one');
    expect(replica.logins).toEqual(['password-one']);
    expect(await secret.get({ place: replica })).toMatchObject({ stage: 'AWSCURRENT' });
    expect(await secret.get({ place: writer })).toMatchObject({ stage: 'AWSPENDING' });
  });

  test('of a rotation that fails after setSecret is used until it is promoted, without another login', async () => {
    const { secret, stage, promote } = await clientWorld();
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    const two = await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    for (let hour = 0; hour < 3; hour++) {
      await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
      await pass(3_600_000);
    }
    await promote(two);
    await pass(300_000);
    await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
    await settle();
    expect(await secret.get()).toMatchObject({ versionId: two, stage: 'AWSCURRENT' });
    expect(service.refused).toBe(1);
  });

  test('of a rotation that is rolled back: the old value works again, and is found again', async () => {
    const { secret, stage, promote } = await clientWorld();
    const service = new Service('password-one');
    const { versionId: one } = await secret.get();
    await secret.logIn(service.logIn);
    const two = await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    await secret.logIn(service.logIn);
    await promote(two);
    await pass(300_000);
    await secret.logIn(service.logIn);
    await promote(one);
    service.accepted.clear();
    service.accepted.add('password-one');
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(10_000);
    expect(outcome.value).toBe('password-one');
  });

  test('two rotations between two looks are one more call', async () => {
    const { secret, remote, stage } = await clientWorld();
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    await pass(2000);
    await stage({ password: 'password-two' }, ['AWSCURRENT']);
    await stage({ password: 'password-three' }, ['AWSCURRENT']);
    service.accepted.clear();
    service.accepted.add('password-three');
    remote.calls.length = 0;
    await expect(secret.logIn(service.logIn)).resolves.toBe('password-three');
    expect(remote.calls).toEqual(['AWSCURRENT']);
  });

  test.each([
    ['another host', { host: 'attacker.example' }],
    ['another user', { username: 'attacker' }],
    ['another port', { port: 6543 }],
    ['one field more', { ssl: false }],
    ['the same password', { password: 'password-one' }],
  ])('with %s is never tried', async (_, change) => {
    const { secret, stage } = await clientWorld();
    const service = new Service();
    await stage({ password: 'password-evil', ...change });
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(20_000);
    expect(outcome.error).toBeInstanceOf(Refused);
    expect(new Set(service.logins)).toEqual(new Set(['password-one']));
    expect(service.logins.length).toBeLessThanOrEqual(3);
  });

  test.each([
    [
      'a prototype',
      '{"username":"app","host":"db.example","password":"password-evil","__proto__":{"host":"evil"}}',
    ],
    [
      'a key twice',
      '{"username":"app","host":"db.example","password":"password-evil","host":"evil.example"}',
    ],
    [
      'JSON too deep to compare',
      `{"username":"app","host":${'['.repeat(30_000)}${']'.repeat(30_000)},"password":"password-evil"}`,
    ],
    ['an empty password', '{"username":"app","host":"db.example","password":""}'],
    ['a number for a password', '{"username":"app","host":"db.example","password":1}'],
    ['half a JSON', '{"username":"app","host":"db.example","password":"password-evil"'],
  ])('with %s is never tried', async (_, SecretString) => {
    const { secret, secrets } = await clientWorld();
    const service = new Service();
    await secrets.putSecretValue({ SecretId: 'app/db', VersionStages: ['AWSPENDING'], SecretString });
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(20_000);
    expect(outcome.error).toBeInstanceOf(Refused);
    expect(new Set(service.logins)).toEqual(new Set(['password-one']));
  });

  test('with another host is never tried, though `parse` takes the host out of what it is given', async () => {
    const hosts = new Set<unknown>();
    const { secret, stage } = await clientWorld({
      parse(json) {
        hosts.add(json.host);
        delete (json as { host?: unknown }).host;
        return json as { username: string; password: string };
      },
    });
    const service = new Service('password-evil');
    await stage({ password: 'password-evil', host: 'attacker.example' });
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(20_000);
    expect(hosts).toContain('attacker.example');
    expect(outcome.error).toBeInstanceOf(Refused);
    expect(new Set(service.logins)).toEqual(new Set(['password-one']));
  });

  test.each([
    ['pending is false', { pending: false }],
    ['the pending field is another', { pending: ['apiKey'] }],
  ] as const)('is not tried if %s', async (_, options) => {
    const { secret, stage, remote } = await clientWorld(options);
    const service = new Service('password-two');
    await stage({ password: 'password-two' });
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(20_000);
    expect(outcome.error).toBeInstanceOf(Refused);
    if (options.pending === false) expect(remote.calls).not.toContain('AWSPENDING');
  });

  test('of a secret whose rotated field nobody has named is not tried: an event says so, once', async () => {
    const { secret, remote, types } = await clientWorld(
      { parse: (json) => ({ username: '', password: String(json.apiKey) }) },
      { password: undefined, apiKey: 'key-number-one' },
    );
    const service = new Service();
    outcomeOf(secret.logIn(service.logIn));
    await pass(20_000);
    expect(remote.calls).not.toContain('AWSPENDING');
    expect(types().filter((type) => type === 'pending-unnamed')).toHaveLength(1);
  });

  test('that a policy forbids to read is asked for once in five minutes', async () => {
    const { secret, client, remote, secrets } = await clientWorld();
    const forbidding = rotatingSecret<{ username: string; password: string }>('app/db', {
      client: {
        async getSecretValue(input, options) {
          if (input.VersionStage !== 'AWSPENDING') return client.getSecretValue(input, options);
          remote.calls.push('AWSPENDING');
          throw awsError('AccessDeniedException');
        },
      },
    });
    const service = new Service();
    outcomeOf(forbidding.logIn(service.logIn));
    await pass(20_000);
    expect(remote.calls.filter((stage) => stage === 'AWSPENDING')).toHaveLength(1);
    expect([secret, secrets]).toHaveLength(2);
  });

  test('is looked at again in the same window after credentials that had expired', async () => {
    const { secret, remote, stage } = await clientWorld();
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    await pass(2000);
    await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    remote.failure = awsError('ExpiredTokenException');
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(3000);
    remote.failure = undefined;
    await pass(6000);
    expect(outcome.value).toBe('password-two');
  });

  test('is found when Secrets Manager comes back within the window', async () => {
    const { secret, remote, stage } = await clientWorld();
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    remote.failure = unreachable();
    const outcome = outcomeOf(secret.logIn(service.logIn));
    await pass(4000);
    expect(outcome.isOver).toBe(false);
    remote.failure = undefined;
    await pass(6000);
    expect(outcome.value).toBe('password-two');
  });
});

test('a stuck rotation for a day costs a process no more than twice its everyday calls', async () => {
  const { secret, remote, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  await stage({ password: 'password-two' });
  service.accepted.clear();
  service.accepted.add('password-two');
  remote.calls.length = 0;
  for (let minute = 0; minute < 24 * 60; minute++) {
    await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
    await pass(60_000);
  }
  expect(service.refused).toBe(1);
  expect(remote.calls.length).toBeLessThan(2 * (24 * 12 * 1.25) + 20);
});

test('windowMs of 0 is one look; a function says how much time is left', async () => {
  for (const windowMs of [0, () => -5, () => Number.NaN]) {
    const { secret, stage } = await clientWorld({ windowMs });
    const service = new Service('password-one');
    await secret.logIn(service.logIn);
    await stage({ password: 'password-two' });
    service.accepted.clear();
    service.accepted.add('password-two');
    await expect(secret.logIn(service.logIn)).resolves.toBe('password-two');
    service.accepted.clear();
    await expect(secret.logIn(service.logIn)).rejects.toBeInstanceOf(Refused);
  }
});

test('who does not get to log in gets the driver’s error, and why as its cause', async () => {
  const { secret } = await clientWorld();
  const service = new Service();
  const all = Array.from({ length: 5 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(20_000);
  for (const { error } of all) expect(error).toBeInstanceOf(Refused);
  expect(all.map(({ error }) => (error as Error).cause)).toContainEqual(
    expect.objectContaining({ code: 'ERR_SECRET_REFUSED' }),
  );
});

test('beyond a thousand who wait, the next are refused at once', async () => {
  const { secret } = await clientWorld();
  const service = new Service();
  const waiting = Array.from({ length: 1001 }, () => outcomeOf(secret.logIn(service.logIn)));
  await pass(500);
  const more = outcomeOf(secret.logIn(service.logIn));
  await settle();
  expect(more.error).toBeInstanceOf(Refused);
  expect(waiting.filter(({ isOver }) => !isOver).length).toBeGreaterThanOrEqual(1000);
});

test('there are never two looks at one label at once', async () => {
  const { secret, remote, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.get();
  remote.held = new Promise((resolve) => setTimeout(resolve, 3000));
  await stage({ password: 'password-two' });
  service.accepted.clear();
  remote.mostAtOnce = 0;
  for (let n = 0; n < 50; n++) {
    outcomeOf(secret.logIn(service.logIn));
    outcomeOf(secret.get({ maxAgeMs: 0 }));
    secret.invalidate();
    await pass(100);
  }
  expect(remote.mostAtOnce).toBe(1);
});

test('callers who wait a moment each, one after another, are one search: it slows down and gives up', async () => {
  const { secret, remote, types } = await clientWorld();
  const service = new Service();
  for (let n = 0; n < 1200; n++) {
    outcomeOf(secret.logIn(service.logIn, { limitMs: 400 }));
    await pass(500);
  }
  // Ten minutes: ten seconds of looks, then thirty without any, and again.
  expect(remote.calls.length).toBeLessThan(300);
  expect(types().filter((type) => type === 'gave-up').length).toBeGreaterThan(5);
  expect(service.refused).toBeLessThan(30);
});

test('a first read that hangs is waited for as long as the caller waits for anything', async () => {
  const { secret, remote } = await clientWorld();
  remote.held = new Promise(() => {});
  const outcome = outcomeOf(secret.logIn(async () => 'in', { limitMs: 500 }));
  await pass(499);
  expect(outcome.isOver).toBe(false);
  await pass(1);
  expect(outcome.error).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
});

test('logins that are refused together are one event, and one period of back-off', async () => {
  const { secret, types } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  service.accepted.clear();
  service.latencyMs = 20;
  for (let n = 0; n < 100; n++) outcomeOf(secret.logIn(service.logIn));
  await pass(100);
  expect(types().filter((type) => type === 'refused')).toHaveLength(1);
  service.accepted.add('password-one');
  await pass(1600);
  await expect(secret.logIn(async () => 'in')).resolves.toBe('in');
});

test('whoever has given up already does not log in', async () => {
  const { secret } = await clientWorld();
  const service = new Service('password-one');
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(secret.logIn(service.logIn, { signal })).rejects.toThrow('enough');
  expect(service.logins).toEqual([]);
});
