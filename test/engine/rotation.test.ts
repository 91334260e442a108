import { type Step, stringField } from '../../src/index.js';
import { type DoorRotator, doorRig, FIRST, SECRET } from '../support/door-rig.js';
import { rejection } from '../support/errors.js';
import { FaultyClient, isPendingRead, serviceError } from '../support/faulty-client.js';

const STEPS: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

async function faultyRig(options: Parameters<typeof doorRig>[0] = {}) {
  let client: FaultyClient | undefined;
  const rigged = await doorRig({
    ...options,
    client: (secrets) => {
      client = new FaultyClient(secrets);
      return client;
    },
  });
  return { ...rigged, client: client! };
}

describe('a rotation', () => {
  test('moves AWSCURRENT to a value that the service accepts, and AWSPREVIOUS to the old one', async () => {
    const { begin, run, value, door, labels } = await doorRig();
    const token = await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
    expect((await value('AWSPREVIOUS')).password).toBe(FIRST);
    expect((await labels())[token]).toEqual(['AWSCURRENT']);
    expect(door.changes).toBe(1);
  });

  test('keeps everything but the rotated field to the byte, numbers of twenty digits too', async () => {
    const { begin, run, secrets, value } = await doorRig();
    await begin();
    await run();
    const { SecretString } = await secrets.getSecretValue({ SecretId: 'door' });
    const fresh = JSON.stringify((await value('AWSCURRENT')).password);
    expect(SecretString).toBe(SECRET.replace(JSON.stringify(FIRST), fresh));
  });

  test('logs one entry for each step', async () => {
    const { begin, run, log, secretId } = await doorRig();
    const token = await begin();
    await run();
    expect(log).toEqual(
      [
        ['createSecret', 'created'],
        ['setSecret', 'set'],
        ['testSecret', 'passed'],
        ['finishSecret', 'promoted'],
      ].map(([step, outcome]) => ({
        rotator: 'door',
        step,
        outcome,
        secretId,
        versionId: token,
        durationMs: expect.any(Number),
      })),
    );
  });

  test('is repeated three times over, and drops the oldest value each time', async () => {
    const { begin, run, door, value, labels } = await doorRig();
    for (let rotation = 1; rotation <= 3; rotation++) {
      await begin();
      expect(await run()).toMatchObject({ outcome: 'succeeded' });
    }
    expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
    expect(Object.values(await labels())).toHaveLength(2);
  });

  test.each(STEPS)(
    'returns already-current for %s once AWSCURRENT has moved, and does nothing',
    async (step) => {
      const { begin, deliver, client, log, door } = await faultyRig();
      await begin();
      for (const each of STEPS) await deliver(each);
      const changes = door.changes;
      client.calls.length = 0;
      await deliver(step);
      expect(log.at(-1)).toMatchObject({ step, outcome: 'already-current' });
      expect(client.writes()).toEqual([]);
      expect(door.changes).toBe(changes);
    },
  );

  test('with RotateImmediately=false tests a copy of the current value, and passes', async () => {
    const { begin, run, door, labels, log } = await doorRig();
    const before = await labels();
    await begin({ RotateImmediately: false });
    expect(await run()).toMatchObject({ outcome: 'succeeded', steps: [{ step: 'testSecret' }] });
    expect(log).toMatchObject([{ step: 'testSecret', outcome: 'passed' }]);
    expect(await labels()).toEqual(before);
    expect(door.changes).toBe(0);
  });

  test('needs no finishSecret of the rotator, and reads no value for it', async () => {
    const { begin, deliver, client } = await faultyRig();
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    client.calls.length = 0;
    await deliver('finishSecret');
    expect(client.calls.map(({ operation }) => operation)).toEqual([
      'describeSecret',
      'updateSecretVersionStage',
    ]);
  });
});

describe('dying in a step', () => {
  const died = new Error('the container died');

  test.each([
    ['createSecret', 'before', 'putSecretValue'],
    ['createSecret', 'after', 'putSecretValue'],
    ['finishSecret', 'before', 'updateSecretVersionStage'],
    ['finishSecret', 'after', 'updateSecretVersionStage'],
  ] as const)(
    '%s, %s its effect, leaves a state from which a repetition ends well',
    async (_, when, operation) => {
      const { begin, run, reattempt, client, door, value } = await faultyRig();
      await begin();
      client.fail(operation, died, { when });
      const first = await run();
      const last = first.outcome === 'succeeded' ? first : await reattempt();
      expect(last).toMatchObject({ outcome: 'succeeded' });
      expect((await value('AWSCURRENT')).password).not.toBe(FIRST);
      expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
    },
  );

  test.each(['before', 'after'] as const)('setSecret, %s its effect: likewise', async (when) => {
    let isFirst = true;
    const { begin, run, reattempt, door, value } = await doorRig({
      parts: {
        setSecret(versions) {
          const dies = isFirst;
          isFirst = false;
          if (dies && when === 'before') throw died;
          door.set(versions.pending.password);
          if (dies) throw died;
        },
      },
    });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect((await value('AWSCURRENT')).password).toBe(FIRST);
    const pending = (await value('AWSPENDING')).password;
    expect(await reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect((await value('AWSCURRENT')).password).toBe(pending);
    expect(door.accepts(pending)).toBe(true);
  });

  test('testSecret leaves AWSCURRENT where it is, and the same value for the next attempt', async () => {
    let verdict: 'accepted' | 'rejected' = 'rejected';
    const { begin, run, reattempt, value, log } = await doorRig({ parts: { testSecret: () => verdict } });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect(log.at(-1)).toMatchObject({ outcome: 'failed', code: 'ERR_CREDENTIAL_REJECTED' });
    expect((await value('AWSCURRENT')).password).toBe(FIRST);
    const pending = (await value('AWSPENDING')).password;
    verdict = 'accepted';
    await reattempt();
    expect((await value('AWSCURRENT')).password).toBe(pending);
  });
});

describe('createSecret', () => {
  test('makes a value once, however often it is delivered', async () => {
    let made = 0;
    const { begin, deliver, log } = await doorRig({
      parts: { createSecret: () => ({ password: `made-password-${++made}` }) },
    });
    await begin();
    await deliver('createSecret');
    await deliver('createSecret');
    expect(made).toBe(1);
    expect(log.map(({ outcome }) => outcome)).toEqual(['created', 'kept']);
  });

  test('adopts the value of another attempt that was faster, and discards its own', async () => {
    const discarded: string[] = [];
    const { begin, deliver, value, log } = await doorRig({
      parts: { discardSecret: ({ password }) => void discarded.push(password) },
    });
    await begin();
    await Promise.all([deliver('createSecret'), deliver('createSecret')]);
    expect(log.map(({ outcome }) => outcome).sort()).toEqual(['created', 'kept']);
    expect(discarded).toHaveLength(1);
    expect(discarded).not.toContain((await value('AWSPENDING')).password);
  });

  test.each([
    ['a refusal on the first try', serviceError('InvalidParameterException'), 1],
    ['a denied right', serviceError('AccessDeniedException'), 1],
    ['a refusal after the SDK tried again', serviceError('InvalidParameterException', { attempts: 2 }), 0],
    ['a throttle', serviceError('ThrottlingException'), 0],
    ['an error of the server', serviceError('InternalServiceError', { $fault: 'server' }), 0],
    ['a timeout', Object.assign(new Error('socket hang up'), { name: 'TimeoutError' }), 0],
    ['a lost connection', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 0],
  ])(
    'after %s of PutSecretValue discards what it made only if it is certainly not stored',
    async (_, error, times) => {
      const discardSecret = jest.fn();
      const { begin, deliver, client, value } = await faultyRig({ parts: { discardSecret } });
      await begin();
      client.fail('putSecretValue', error);
      expect(await rejection(deliver('createSecret'))).toMatchObject({
        name: 'RotationError',
        step: 'createSecret',
      });
      expect(discardSecret).toHaveBeenCalledTimes(times);
      await expect(value('AWSPENDING')).rejects.toThrow('AWSPENDING');
      await deliver('createSecret');
      expect(await value('AWSPENDING')).toMatchObject({ user: 'app' });
    },
  );

  test('goes on when discardSecret fails: the first failure is the one that is told', async () => {
    const discardSecret = () => Promise.reject(new Error('no discard today'));
    const { begin, deliver, client } = await faultyRig({ parts: { discardSecret } });
    await begin();
    client.fail('putSecretValue', serviceError('AccessDeniedException'));
    expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
  });

  test('takes only "not found" for a value that has yet to be made', async () => {
    const { begin, deliver, client } = await faultyRig();
    await begin();
    client.fail('getSecretValue', serviceError('DecryptionFailure'), { matches: isPendingRead });
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
      hint: expect.stringContaining('kms:Decrypt'),
    });
    expect(client.writes()).toEqual([]);
  });

  test.each([
    ['nothing', undefined],
    ['no password', {}],
    ['the current password', { password: FIRST }],
    ['an empty password', { password: '' }],
    ['a password that is null', { password: null }],
    ['a password that is a number', { password: 12345678 }],
    ['a password that is a forgotten Promise', { password: Promise.resolve('made-password-1') }],
    ['a password that is a function', { password: () => 'made-password-1' }],
    ['a password that JSON cannot hold', { password: 1n }],
  ])('refuses a rotator that makes %s, stores nothing, and lets it discard', async (_, made) => {
    const discardSecret = jest.fn();
    const { begin, deliver, client } = await faultyRig({
      parts: { createSecret: () => made as { password: string }, discardSecret },
    });
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_ROTATOR_FAILED' });
    expect(client.writes()).toEqual([]);
    expect(discardSecret).toHaveBeenCalledTimes(1);
  });

  test('tells a rotator why it cannot read what it made', async () => {
    const { begin, deliver } = await doorRig({
      parts: { createSecret: () => ({ password: 12345678 as never }) },
    });
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      message: 'createSecret of door returned a value that its parse() refuses',
      hint: 'return a JSON value that parse() accepts for each field in rotates; nothing was stored',
      cause: { message: expect.stringMatching(/^AWSPENDING is not a door secret: .*"password"/) },
    });
  });

  test('stores the rotated fields only, whatever else the rotator returns', async () => {
    const { begin, deliver, value } = await doorRig({
      parts: { createSecret: () => ({ password: 'another-password', user: 'admin' }) },
    });
    await begin();
    await deliver('createSecret');
    expect(await value('AWSPENDING')).toMatchObject({ user: 'app', password: 'another-password' });
  });

  test('keeps AWSCURRENT as the rotator got it, even if the rotator writes into it', async () => {
    const { begin, deliver, value } = await doorRig({
      parts: {
        createSecret(current) {
          Object.assign(current, { user: 'admin' });
          return { password: 'another-password' };
        },
      },
    });
    await begin();
    await deliver('createSecret');
    expect(await value('AWSPENDING')).toMatchObject({ user: 'app' });
  });

  test.each([
    ['as it is', `postgres://app:${FIRST}@host/db`],
    ['URL-encoded', `postgres://app:${encodeURIComponent(FIRST)}@host/db`],
    ['as the WHATWG writes URLs', Object.assign(new URL('http://app@host/db'), { password: FIRST }).href],
    ['with every character escaped', [...Buffer.from(FIRST)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['in a form', new URLSearchParams({ password: FIRST }).toString()],
    ['in JSON', JSON.stringify({ password: FIRST })],
    ['in JSON within JSON', JSON.stringify({ body: JSON.stringify({ password: FIRST }) })],
    ['in base64', Buffer.from(`app:${FIRST}`).toString('base64')],
    ['deep inside', { replicas: [{ url: `x${FIRST}` }] }],
  ])('refuses by name a field that contains the old password %s, before anything changes', async (_, url) => {
    const createSecret = jest.fn();
    const secretString = JSON.stringify({ user: 'app', password: FIRST, url });
    const { begin, deliver, client, door } = await faultyRig({ secretString, parts: { createSecret } });
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_STALE_FIELD',
      message: expect.stringContaining('"url"'),
      hint: expect.stringContaining('remove "url"'),
    });
    expect(createSecret).not.toHaveBeenCalled();
    expect(client.writes()).toEqual([]);
    expect(door.accepts(FIRST)).toBe(true);
  });

  test('takes a user name that happens to be the password too', async () => {
    const { begin, deliver, log } = await doorRig({
      secretString: '{"user":"initial-name","password":"initial-name"}',
    });
    await begin();
    await deliver('createSecret');
    expect(log.at(-1)).toMatchObject({ outcome: 'created' });
  });

  test('refuses to store more than Secrets Manager takes, and discards what was made', async () => {
    const discardSecret = jest.fn();
    const secretString = JSON.stringify({ user: 'app', password: 'p', note: 'n'.repeat(65_480) });
    const { begin, deliver, client } = await faultyRig({ secretString, parts: { discardSecret } });
    await begin();
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('65536'),
    });
    expect(discardSecret).toHaveBeenCalledTimes(1);
    expect(client.writes()).toEqual([]);
  });
});

test('a secret is stored that is just as long as Secrets Manager takes', async () => {
  const rest = JSON.stringify({ user: 'app', password: 'second-password', note: '' });
  const note = `é${'x'.repeat(65_536 - rest.length - 2)}`;
  const { begin, run, secrets } = await doorRig({
    secretString: JSON.stringify({ user: 'app', password: 'first-password', note }),
    parts: {
      createSecret: () => ({ password: 'second-password' }),
      setSecret: () => {},
      testSecret: () => 'accepted',
    },
  });
  await begin();
  expect(await run()).toMatchObject({ outcome: 'succeeded' });
  const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'door' });
  expect(Buffer.byteLength(SecretString)).toBe(65_536);
});

test('a secret with a key twice comes with a way out', async () => {
  const { begin, deliver } = await doorRig({ secretString: '{"user":"a","user":"b","password":"c"}' });
  await begin();
  expect(await rejection(deliver('createSecret'))).toMatchObject({
    code: 'ERR_DUPLICATE_KEYS',
    hint: expect.stringContaining('store the secret again'),
  });
});

describe('a field that may rotate', () => {
  const OLD = 'https://a.example/k?old-4Wn8qzu';

  async function rigged(made: object, stored: object = { endpoint: OLD }, parts: Partial<DoorRotator> = {}) {
    const discarded: unknown[] = [];
    const mayRotate = ['endpoint'] as readonly string[] as NonNullable<DoorRotator['mayRotate']>;
    const rig = await faultyRig({
      secretString: JSON.stringify({ user: 'app', password: FIRST, ...stored }),
      parts: {
        mayRotate,
        createSecret: () => ({ password: 'second-password', ...made }),
        discardSecret: (fields) => void discarded.push(fields),
        ...parts,
      },
    });
    await rig.begin();
    return { ...rig, discarded };
  }

  test.each([
    ['changes where createSecret returns it', { endpoint: 'b' }, { endpoint: 'a' }, { endpoint: 'b' }],
    ['is added where it was absent', { endpoint: 7 }, {}, { endpoint: 7 }],
    ['stays as it is where createSecret leaves it out', {}, { endpoint: 17 }, { endpoint: 17 }],
    ['stays absent', {}, {}, {}],
  ])('%s', async (_, made, stored, next) => {
    const { run, secretString } = await rigged(made, stored);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(JSON.parse(await secretString('AWSCURRENT'))).toEqual({
      ...{ user: 'app', password: 'second-password' },
      ...next,
    });
  });

  test.each([
    ['is redacted as a credential is', ['user'], '[redacted]'],
    ['stands in messages where `shows` names it', ['user', 'endpoint'], OLD],
  ])('%s', async (_, shows, told) => {
    const { deliver } = await rigged({}, undefined, {
      shows: shows as unknown as DoorRotator['shows'],
      createSecret: () => Promise.reject(new Error(`no answer of ${OLD}`)),
    });
    const error = await rejection(deliver('createSecret'));
    expect(error).toMatchObject({ cause: { message: `no answer of ${told}` } });
  });

  test('is not left with the old credential in it: nothing is stored, and what was made is discarded', async () => {
    const { deliver, client, discarded } = await rigged({}, { endpoint: `https://x:${FIRST}@a.example` });
    expect(await rejection(deliver('createSecret'))).toMatchObject({
      code: 'ERR_STALE_FIELD',
      message: '"endpoint" contains the value to rotate',
    });
    expect(client.writes()).toEqual([]);
    expect(discarded).toEqual([{ password: 'second-password' }]);
  });

  test('leaves no room in a secret that is a plain text', async () => {
    expect(await rejection(rigged({}, {}, { text: 'password' }))).toMatchObject({ name: 'TypeError' });
  });
});

describe('createSecret of a rotator of two fields', () => {
  async function created(parts: Partial<DoorRotator>, note?: string) {
    const secretString = JSON.stringify({ user: 'app-user', password: 'first-password', note });
    const rotates = ['user', 'password'] as readonly string[] as DoorRotator['rotates'];
    const rigged = await faultyRig({ secretString, parts: { rotates, ...parts } });
    await rigged.begin();
    const pending = async () => JSON.parse(await rigged.secretString('AWSPENDING'));
    return { ...rigged, pending, work: rigged.deliver('createSecret') };
  }
  const made = (fields: object) => ({ createSecret: () => fields as { password: string } });

  test('may leave one of them as it is', async () => {
    const { work, pending } = await created(made({ user: 'app-user', password: 'second-password' }));
    await work;
    expect(await pending()).toEqual({ user: 'app-user', password: 'second-password' });
  });

  test('is refused when it makes only one of them, even if the other may be absent', async () => {
    const { work, client } = await created({
      ...made({ password: 'second-password' }),
      parse: (json) => ({
        user: stringField(json, 'user', 'nobody'),
        password: stringField(json, 'password'),
      }),
    });
    expect(await rejection(work)).toMatchObject({
      code: 'ERR_ROTATOR_FAILED',
      message: 'createSecret of door returned no "user"',
    });
    expect(client.writes()).toEqual([]);
  });

  test('takes a copy, in a field that stays, of the one that it shows', async () => {
    const another = made({ user: 'app-user-2', password: 'second-password' });
    const { work, pending } = await created(another, 'belongs to app-user');
    await work;
    expect(await pending()).toMatchObject({ user: 'app-user-2', note: 'belongs to app-user' });
  });

  test.each(['app-user', 'first-password'])(
    'refuses a copy of either, if it shows none: %s',
    async (copy) => {
      const another = made({ user: 'app-user-2', password: 'second-password' });
      const { work, client } = await created({ shows: [], ...another }, `belongs to ${copy}`);
      expect(await rejection(work)).toMatchObject({ code: 'ERR_STALE_FIELD' });
      expect(client.writes()).toEqual([]);
    },
  );
});

describe('the values', () => {
  test.each(STEPS.slice(1, 3))('in %s a value that was stored a moment ago is waited for', async (step) => {
    const { begin, deliver, client, log } = await faultyRig();
    await begin();
    await deliver('createSecret');
    if (step === 'testSecret') await deliver('setSecret');
    client.fail('getSecretValue', serviceError('ResourceNotFoundException'), {
      matches: isPendingRead,
      times: 2,
    });
    client.calls.length = 0;
    await deliver(step);
    expect(log.at(-1)?.outcome).not.toBe('failed');
    // The labels have not moved: they are not asked for again.
    expect(client.calls.filter(({ operation }) => operation === 'describeSecret')).toHaveLength(1);
  });

  test('in a finishSecret of the rotator too', async () => {
    const finishSecret = jest.fn();
    const { begin, deliver, client } = await faultyRig({ parts: { finishSecret } });
    await begin();
    for (const step of STEPS.slice(0, 3)) await deliver(step);
    client.fail('getSecretValue', serviceError('ResourceNotFoundException'), { matches: isPendingRead });
    await deliver('finishSecret');
    expect(finishSecret).toHaveBeenCalledTimes(1);
  });

  test('setSecret without a value in AWSPENDING gives up after a few seconds, and asks the rotator nothing', async () => {
    const setSecret = jest.fn();
    const { begin, deliver, log } = await doorRig({ parts: { setSecret } });
    await begin();
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_PENDING_MISSING',
      hint: 'createSecret stored no value: find its error in the log, then call RotateSecret again',
    });
    expect(setSecret).not.toHaveBeenCalled();
    expect(log.at(-1)?.durationMs).toBeGreaterThan(2000);
  });

  test('AWSCURRENT is read again by id when its label moved after DescribeSecret', async () => {
    const seen: string[] = [];
    const { begin, deliver, client } = await faultyRig({
      parts: { setSecret: ({ current }) => void seen.push(current.password) },
    });
    await begin();
    await deliver('createSecret');
    const original = client.getSecretValue;
    client.getSecretValue = async (input) => {
      if (input.VersionStage !== 'AWSCURRENT') return original(input);
      return {
        ...(await original(input)),
        VersionId: 'another-version-that-took-the-label',
        SecretString: '{}',
      };
    };
    const { VersionId } = await client.getSecretValue({ SecretId: 'door' });
    client.calls.length = 0;
    await deliver('setSecret');
    expect(seen).toEqual([FIRST]);
    expect(client.calls.at(-1)?.input).toEqual({ SecretId: expect.any(String), VersionId });
  });

  test('AWSCURRENT is read by id when nothing is found by its label', async () => {
    const seen: string[] = [];
    const { begin, deliver, client } = await faultyRig({
      parts: { setSecret: ({ current }) => void seen.push(current.password) },
    });
    await begin();
    await deliver('createSecret');
    client.fail('getSecretValue', serviceError('ResourceNotFoundException'), {
      matches: ({ VersionStage }) => VersionStage === 'AWSCURRENT',
    });
    await deliver('setSecret');
    expect(seen).toEqual([FIRST]);
  });

  test('AWSCURRENT that could not be read is an error, and is not read in another way', async () => {
    const createSecret = jest.fn();
    const { begin, deliver, client } = await faultyRig({ parts: { createSecret } });
    await begin();
    client.fail('getSecretValue', serviceError('DecryptionFailure'), {
      matches: ({ VersionStage }) => VersionStage === 'AWSCURRENT',
    });
    expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
    expect(createSecret).not.toHaveBeenCalled();
  });

  test('when the labels moved under the read because another delivery has finished, nothing is left to do', async () => {
    const setSecret = jest.fn();
    const { begin, deliver, secrets, client, log } = await faultyRig({
      parts: { setSecret, testSecret: () => 'accepted' },
    });
    const token = await begin();
    await deliver('createSecret');
    const original = client.getSecretValue;
    client.getSecretValue = async (input) => {
      if (!isPendingRead({ ...input })) return original(input);
      client.getSecretValue = original;
      await deliver('finishSecret');
      const label = { SecretId: 'door', VersionStage: 'AWSPENDING', RemoveFromVersionId: token };
      await secrets.updateSecretVersionStage(label);
      return original(input);
    };
    await deliver('setSecret');
    expect(log.at(-1)).toMatchObject({ step: 'setSecret', outcome: 'already-current' });
    expect(setSecret).not.toHaveBeenCalled();
  });

  test.each([
    ['is not JSON', 'hunter2-hunter2', 'AWSPENDING is not JSON'],
    ['lacks a field', '{"user":"app"}', expect.stringMatching(/^AWSPENDING is not a door secret/)],
  ])('AWSPENDING that %s is named, in all steps', async (_, SecretString, message) => {
    const { begin, deliver, secrets } = await doorRig({
      secretString: '{"user":"app","password":"first-one"}',
    });
    const ClientRequestToken = await begin();
    const VersionStages = ['AWSPENDING'];
    await secrets.putSecretValue({ SecretId: 'door', ClientRequestToken, SecretString, VersionStages });
    for (const step of STEPS.slice(0, 3)) {
      expect(await rejection(deliver(step))).toMatchObject({ code: 'ERR_SECRET_MALFORMED', message });
    }
  });

  test('when the labels moved under the read, they are looked at again: abandoned', async () => {
    const setSecret = jest.fn();
    const { begin, deliver, secrets, client } = await faultyRig({ parts: { setSecret } });
    await begin();
    await deliver('createSecret');
    const original = client.getSecretValue;
    client.getSecretValue = async (input) => {
      if (!isPendingRead({ ...input })) return original(input);
      await secrets.putSecretValue({
        SecretId: 'door',
        SecretString: '{"user":"app","password":"by hand 1"}',
      });
      return original(input);
    };
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_ROTATION_ABANDONED' });
    expect(setSecret).not.toHaveBeenCalled();
  });

  test.each([
    ['another user', '"user"', '{"user":"root","password":"fresh-password","serial":1}'],
    ['a field more', '"host"', '{"user":"app","password":"fresh-password","serial":1,"host":"elsewhere"}'],
    ['a field less', '"serial"', '{"user":"app","password":"fresh-password"}'],
  ])('AWSPENDING with %s is refused before the rotator is asked', async (_, field, SecretString) => {
    const setSecret = jest.fn();
    const secretString = '{"user":"app","password":"first-password","serial":1}';
    const { begin, deliver, secrets } = await doorRig({ secretString, parts: { setSecret } });
    const ClientRequestToken = await begin();
    const VersionStages = ['AWSPENDING'];
    await secrets.putSecretValue({ SecretId: 'door', ClientRequestToken, SecretString, VersionStages });
    expect(await rejection(deliver('setSecret'))).toMatchObject({
      code: 'ERR_PENDING_MISMATCH',
      message: expect.stringContaining(field),
      hint: expect.stringMatching(
        /find out who wrote AWSPENDING\. Only if the service refuses its value, remove the label/,
      ),
    });
    expect(setSecret).not.toHaveBeenCalled();
  });

  const long = 'z'.repeat(65_536);
  test.each([
    ['text that is not JSON', 'hunter2-hunter2', 'ERR_SECRET_MALFORMED', 'is not JSON'],
    ['a JSON array', '["hunter2-hunter2"]', 'ERR_SECRET_MALFORMED', 'is a JSON array'],
    ['a JSON string', '"hunter2-hunter2"', 'ERR_SECRET_MALFORMED', 'not an object'],
    ['null', 'null', 'ERR_SECRET_MALFORMED', 'not an object'],
    ['65,536 bytes of anything', long, 'ERR_SECRET_MALFORMED', 'is not JSON'],
    ['deep nesting', `{"a":${'['.repeat(9000)}${']'.repeat(9000)}}`, 'ERR_SECRET_MALFORMED', 'nested'],
    [
      'one level too many',
      `{"user":"app","password":"hunter2-1","a":${'['.repeat(100)}${']'.repeat(100)}}`,
      'ERR_SECRET_MALFORMED',
      'nested',
    ],
    [
      'a key twice',
      '{"user":"a","password":"hunter2-1","password":"hunter2-2"}',
      'ERR_DUPLICATE_KEYS',
      'twice',
    ],
    [
      'a key before and after an object',
      '{"user":"a","password":"hunter2-1","more":{},"password":"hunter2-2"}',
      'ERR_DUPLICATE_KEYS',
      'twice',
    ],
    [
      'a key twice in an object of an array',
      '{"user":"a","password":"hunter2-1","more":[{"a":1,"a":2}]}',
      'ERR_DUPLICATE_KEYS',
      'twice',
    ],
    ['a missing field', '{"user":"app"}', 'ERR_SECRET_MALFORMED', '"password" is missing'],
    [
      'a field of another type',
      '{"user":"app","password":["hunter2-hunter2"]}',
      'ERR_SECRET_MALFORMED',
      '"password"',
    ],
  ])(
    'AWSCURRENT that holds %s is refused, naming label and problem',
    async (_, secretString, code, problem) => {
      const { begin, deliver, client } = await faultyRig({ secretString });
      await begin();
      const error = await rejection(deliver('createSecret'));
      expect(error).toMatchObject({ code, message: expect.stringMatching(/^AWSCURRENT /) });
      expect(error).toMatchObject({ message: expect.stringContaining(problem) });
      expect(String(error)).not.toMatch(/hunter2|zzzz/);
      expect(client.writes()).toEqual([]);
    },
  );

  test('a secret that is nested 100 deep is read and edited', async () => {
    const deep = `"a":${'['.repeat(99)}${']'.repeat(99)}}`;
    const { begin, run, secrets } = await doorRig({
      secretString: `{"user":"app","password":${JSON.stringify(FIRST)},${deep}`,
    });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect((await secrets.getSecretValue({ SecretId: 'door' })).SecretString).toContain(deep);
  });

  test('a key may stand in several objects of a secret, and be null', async () => {
    const more = '"more":[{"user":null},{"user":null}],"note":{"password":null}';
    const { begin, run } = await doorRig({
      secretString: `{${more},"user":"app","password":${JSON.stringify(FIRST)}}`,
    });
    await begin();
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('a SecretBinary is refused, and so is an empty answer', async () => {
    const { begin, deliver, client } = await faultyRig();
    await begin();
    const original = client.getSecretValue;
    for (const [value, problem] of [
      [{ SecretBinary: Uint8Array.of(1) }, 'SecretBinary'],
      [{ SecretString: '' }, 'empty'],
      [{}, 'empty'],
    ] as const) {
      client.getSecretValue = async (input) => {
        if (isPendingRead({ ...input })) return original(input);
        const { VersionId } = await original(input);
        return { ...value, VersionId };
      };
      expect(await rejection(deliver('createSecret'))).toMatchObject({
        code: 'ERR_SECRET_MALFORMED',
        message: expect.stringContaining(problem),
      });
    }
  });
});

describe('previous()', () => {
  async function previousOf(old: string, prepare: (client: FaultyClient) => void = () => {}) {
    const found: unknown[] = [];
    const { begin, deliver, secrets, client, labels } = await faultyRig({
      secretString: old,
      parts: {
        async setSecret({ previous }) {
          found.push(await previous(), await previous());
        },
      },
    });
    await secrets.putSecretValue({ SecretId: 'door', SecretString: SECRET });
    await begin();
    await deliver('createSecret');
    client.calls.length = 0;
    prepare(client);
    return { found, deliver, client, labels };
  }

  test('is AWSPREVIOUS, read once and by id', async () => {
    const { found, deliver, client, labels } = await previousOf(
      '{"user":"app","password":"zeroth-password"}',
    );
    await deliver('setSecret');
    expect(found).toEqual([
      { user: 'app', password: 'zeroth-password' },
      { user: 'app', password: 'zeroth-password' },
    ]);
    const [id] = Object.entries(await labels()).find(([, stages]) => stages.includes('AWSPREVIOUS'))!;
    expect(client.calls.at(-1)?.input).toEqual({ SecretId: expect.any(String), VersionId: id });
    expect(client.calls).toHaveLength(4);
  });

  test.each(['not json at all', '["array"]', '{"user":"app"}', '{"user":"a","user":"b","password":"c"}'])(
    'is undefined when AWSPREVIOUS holds %s',
    async (old) => {
      const { found, deliver } = await previousOf(old);
      await deliver('setSecret');
      expect(found).toEqual([undefined, undefined]);
    },
  );

  test('is AWSPREVIOUS in finishSecret, if the version has no other label', async () => {
    const found: unknown[] = [];
    const { begin, deliver, secrets } = await faultyRig({
      parts: {
        setSecret: () => {},
        testSecret: () => 'accepted',
        finishSecret: async ({ previous }) => void found.push((await previous())?.password),
      },
    });
    const SecretString = '{"user":"app","password":"second-password"}';
    await secrets.putSecretValue({ SecretId: 'door', SecretString });
    await begin();
    for (const step of STEPS) await deliver(step);
    expect(found).toEqual([FIRST]);
  });

  test('is undefined in finishSecret when the version has another label, so that nobody retires it', async () => {
    const found: unknown[] = [];
    const { begin, deliver, secrets, labels } = await faultyRig({
      parts: {
        setSecret: async ({ pending, previous }) =>
          void found.push(pending.user, (await previous())?.password),
        testSecret: () => 'accepted',
        finishSecret: async ({ previous }) => void found.push(await previous()),
      },
    });
    const first = Object.keys(await labels())[0];
    await secrets.putSecretValue({
      SecretId: 'door',
      SecretString: '{"user":"app","password":"second-password"}',
    });
    await secrets.updateSecretVersionStage({
      SecretId: 'door',
      VersionStage: 'KEEP',
      MoveToVersionId: first,
    });
    await begin();
    for (const step of STEPS) await deliver(step);
    expect(found).toEqual(['app', FIRST, undefined]);
  });

  test('may be left unawaited when it fails', async () => {
    const { begin, deliver, client, secrets } = await faultyRig({
      parts: { setSecret: ({ previous }) => void previous() },
    });
    await secrets.putSecretValue({
      SecretId: 'door',
      SecretString: '{"user":"app","password":"second-password"}',
    });
    await begin();
    await deliver('createSecret');
    client.fail('getSecretValue', serviceError('ThrottlingException'), {
      matches: (input) => input.VersionStage === undefined,
    });
    await deliver('setSecret');
    await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('fails, and does not say that there is none, when it could not be read', async () => {
    const { deliver } = await previousOf('{"user":"app","password":"zeroth-password"}', (client) =>
      client.fail('getSecretValue', serviceError('ThrottlingException'), {
        matches: (input) => input.VersionStage === undefined,
      }),
    );
    expect(await rejection(deliver('setSecret'))).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
  });
});

describe('finishSecret', () => {
  async function atFinish(options: Parameters<typeof doorRig>[0] = {}) {
    const rigged = await faultyRig(options);
    const token = await rigged.begin();
    for (const step of STEPS.slice(0, 3)) await rigged.deliver(step);
    rigged.client.calls.length = 0;
    return { ...rigged, token };
  }

  test('counts a move whose answer was lost as done', async () => {
    const { deliver, client, log, labels, token } = await atFinish();
    client.fail('updateSecretVersionStage', serviceError('InvalidParameterException', { attempts: 2 }), {
      when: 'after',
    });
    await deliver('finishSecret');
    expect(log.at(-1)).toMatchObject({ outcome: 'promoted' });
    expect((await labels())[token]).toContain('AWSCURRENT');
  });

  test('leaves AWSPENDING where it is, and writes once', async () => {
    const { deliver, client, labels, token } = await atFinish();
    await deliver('finishSecret');
    expect((await labels())[token]).toEqual(expect.arrayContaining(['AWSPENDING', 'AWSCURRENT']));
    expect(client.writes()).toHaveLength(1);
  });

  test('refuses when AWSCURRENT moved to another version meanwhile, which stays current', async () => {
    const { deliver, client, secrets, value, labels, token } = await atFinish();
    const original = client.updateSecretVersionStage;
    client.updateSecretVersionStage = async (input) => {
      const { VersionId: MoveToVersionId } = await secrets.putSecretValue({
        SecretId: 'door',
        SecretString: '{"user":"app","password":"by hand 1"}',
        VersionStages: ['MINE'],
      });
      const { VersionId: RemoveFromVersionId } = await secrets.getSecretValue({ SecretId: 'door' });
      const move = { VersionStage: 'AWSCURRENT', MoveToVersionId, RemoveFromVersionId };
      await secrets.updateSecretVersionStage({ SecretId: 'door', ...move });
      return original(input);
    };
    expect(await rejection(deliver('finishSecret'))).toMatchObject({
      code: 'ERR_CURRENT_MOVED',
      hint: expect.stringContaining(token),
    });
    expect(await value('AWSCURRENT')).toMatchObject({ password: 'by hand 1' });
    expect((await labels())[token]).toEqual(['AWSPENDING']);
  });

  test('tells that the rotation was abandoned when a plain PutSecretValue came between', async () => {
    const { deliver, client, secrets, value, token } = await atFinish();
    const original = client.updateSecretVersionStage;
    client.updateSecretVersionStage = async (input) => {
      await secrets.putSecretValue({
        SecretId: 'door',
        SecretString: '{"user":"app","password":"by hand 1"}',
      });
      return original(input);
    };
    expect(await rejection(deliver('finishSecret'))).toMatchObject({
      code: 'ERR_ROTATION_ABANDONED',
      hint: expect.stringContaining(token),
    });
    expect(await value('AWSCURRENT')).toMatchObject({ password: 'by hand 1' });
  });

  test('tells why the move failed when nothing has moved', async () => {
    const { deliver, client, value } = await atFinish();
    client.fail('updateSecretVersionStage', serviceError('AccessDeniedException'));
    expect(await rejection(deliver('finishSecret'))).toMatchObject({
      code: 'ERR_SECRETS_MANAGER_FAILED',
      message: expect.stringContaining('UpdateSecretVersionStage'),
      hint: expect.stringContaining('role'),
    });
    expect(await value('AWSCURRENT')).toMatchObject({ password: FIRST });
  });

  test('tells why the move failed, and not that nobody could look whether it had worked', async () => {
    const { deliver, client } = await atFinish();
    const original = client.updateSecretVersionStage;
    client.updateSecretVersionStage = async (input) => {
      client.fail('describeSecret', serviceError('ThrottlingException'));
      client.fail('updateSecretVersionStage', serviceError('AccessDeniedException'));
      return original(input);
    };
    expect(await rejection(deliver('finishSecret'))).toMatchObject({
      message: expect.stringMatching(/^UpdateSecretVersionStage of .* failed with AccessDeniedException$/),
    });
  });

  test('of the rotator runs before the move, with all versions; if it fails, nothing moves', async () => {
    const seen: unknown[] = [];
    const { deliver, client, value } = await atFinish({
      parts: {
        finishSecret({ pending, current }) {
          seen.push(pending.password, current.password);
          throw new Error('the oldest could not be retired');
        },
      },
    });
    const { password } = await value('AWSPENDING');
    expect(await rejection(deliver('finishSecret'))).toMatchObject({ code: 'ERR_ROTATOR_FAILED' });
    expect(seen).toEqual([password, FIRST]);
    expect(client.writes()).toEqual([]);
    expect(await value('AWSCURRENT')).toMatchObject({ password: FIRST });
  });
});

test('a rotator that comes to no verdict is told so', async () => {
  const { begin, deliver } = await doorRig({ parts: { testSecret: () => undefined as never } });
  await begin();
  await deliver('createSecret');
  expect(await rejection(deliver('testSecret'))).toMatchObject({
    code: 'ERR_ROTATOR_FAILED',
    hint: expect.stringContaining("'accepted'"),
  });
});

test('the hint of the rotator goes with its refusal', async () => {
  const { begin, deliver } = await doorRig({
    parts: { testSecret: () => 'rejected', rejectionHint: 'is the door expired?' },
  });
  await begin();
  await deliver('createSecret');
  expect(await rejection(deliver('testSecret'))).toMatchObject({
    code: 'ERR_CREDENTIAL_REJECTED',
    hint: 'is the door expired?',
    step: 'testSecret',
  });
});

describe('a version that was AWSCURRENT, and whose label somebody has moved back,', () => {
  async function movedBack() {
    const rig = await faultyRig();
    const token = await rig.begin();
    for (const step of STEPS.slice(0, 3)) await rig.deliver(step);
    const first = Object.keys(await rig.labels()).find((id) => id !== token);
    const move = (from: string | undefined, to: string | undefined) =>
      rig.secrets.updateSecretVersionStage({
        SecretId: 'door',
        VersionStage: 'AWSCURRENT',
        RemoveFromVersionId: from,
        MoveToVersionId: to,
      });
    await move(first, token);
    await move(token, first);
    expect((await rig.labels())[token]?.sort()).toEqual(['AWSPENDING', 'AWSPREVIOUS']);
    return { ...rig, token, first };
  }

  test.each(STEPS)('is not promoted again: %s refuses it', async (step) => {
    const { deliver, door, token, first, labels } = await movedBack();
    const changes = door.changes;
    expect(await rejection(deliver(step))).toMatchObject({
      code: 'ERR_ROTATION_UNDONE',
      hint: expect.stringContaining(`--remove-from-version-id ${token}`),
    });
    expect(door.changes).toBe(changes);
    expect((await labels())[String(first)]).toEqual(['AWSCURRENT']);
  });

  test('makes room for the next rotation when its label is taken off, as the hint says', async () => {
    const { secrets, token, begin, run, value, door } = await movedBack();
    await secrets.updateSecretVersionStage({
      SecretId: 'door',
      VersionStage: 'AWSPENDING',
      RemoveFromVersionId: token,
    });
    door.password = String((await value('AWSCURRENT')).password);
    await begin();
    expect((await run()).outcome).toBe('succeeded');
    expect(door.accepts((await value('AWSCURRENT')).password)).toBe(true);
  });
});
