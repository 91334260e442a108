import fc from 'fast-check';
import { type LogEntry, RotationError, rotationHandler } from '../../src/index.js';
import { Door, doorRig, doorRotator, FIRST } from '../support/door-rig.js';
import { allOf, leaks, rejection } from '../support/errors.js';
import { FaultyClient, serviceError } from '../support/faulty-client.js';

const HIDDEN = '[redacted]';

/** What comes out when setSecret throws an error, with a secret of our choice. */
async function thrownBySetSecret(error: unknown, password = FIRST, more: Record<string, unknown> = {}) {
  const { begin, deliver, log } = await doorRig({
    secretString: JSON.stringify({ user: 'app-user-1', password, ...more }),
    parts: {
      setSecret: () => {
        throw error;
      },
    },
  });
  await begin();
  await deliver('createSecret');
  return { error: await rejection(deliver('setSecret')), log };
}

describe('what a rotator throws', () => {
  test('keeps its message, code and cause, without the secret', async () => {
    const cause = Object.assign(new Error(`syntax error at PASSWORD '${FIRST}'`), {
      code: '42601',
      query: `ALTER ROLE app PASSWORD '${FIRST}'`,
    });
    const { error } = await thrownBySetSecret(new Error('could not set the password', { cause }));
    expect(error).toMatchObject({
      name: 'RotationError',
      code: 'ERR_ROTATOR_FAILED',
      step: 'setSecret',
      message: `the rotator door failed in setSecret: could not set the password: syntax error at PASSWORD '${HIDDEN}'`,
      cause: {
        message: 'could not set the password',
        cause: { message: `syntax error at PASSWORD '${HIDDEN}'`, code: '42601' },
      },
    });
    expect(leaks(allOf(error), FIRST)).toBeUndefined();
  });

  test('keeps its code and hint when it is a RotationError, from another copy of the package too', async () => {
    const foreign = Object.assign(new Error(`refused ${FIRST}`), {
      name: 'RotationError',
      code: 'ERR_VALUE_REFUSED',
      hint: `try another than ${FIRST}`,
    });
    for (const thrown of [
      foreign,
      new RotationError('ERR_VALUE_REFUSED', `refused ${FIRST}`, { hint: `try another than ${FIRST}` }),
    ]) {
      const { error } = await thrownBySetSecret(thrown);
      expect(error).toBeInstanceOf(RotationError);
      expect(error).toMatchObject({
        code: 'ERR_VALUE_REFUSED',
        message: `refused ${HIDDEN}`,
        hint: `try another than ${HIDDEN}`,
      });
      expect(leaks(allOf(error), FIRST)).toBeUndefined();
    }
  });

  const NO_ERROR = 'a value that is not an Error was thrown';
  test.each([
    ['a string', `lost ${FIRST}`, `lost ${HIDDEN}`],
    ['an object', { password: FIRST }, NO_ERROR],
    ['nothing', undefined, NO_ERROR],
    [
      'an AggregateError',
      new AggregateError([new Error(`saw ${FIRST}`), new Error(FIRST)], FIRST),
      `${HIDDEN}: saw ${HIDDEN}`,
    ],
    [
      'an error whose cause is another each time',
      Object.defineProperty(new Error(FIRST), 'cause', {
        get: (): unknown => new Error(FIRST, { cause: new Error(FIRST) }),
      }),
      HIDDEN,
    ],
    ['an error that is its own cause', itsOwn('cause', (error) => error), `saw ${HIDDEN}`],
    ['an error that is one of its own errors', itsOwn('errors', (error) => [error]), `saw ${HIDDEN}`],
    [
      'an error with the secret as its code',
      Object.assign(new Error('failed'), { code: FIRST, name: FIRST }),
      'failed',
    ],
    [
      'an error without a stack',
      Object.assign(new Error(`saw ${FIRST}`), { stack: undefined }),
      `saw ${HIDDEN}`,
    ],
  ])('may be %s', async (_, thrown, message) => {
    const { error } = await thrownBySetSecret(thrown);
    expect(error).toMatchObject({
      name: 'RotationError',
      code: 'ERR_ROTATOR_FAILED',
      message: `the rotator door failed in setSecret: ${message}`,
    });
    expect(leaks(allOf(error), FIRST)).toBeUndefined();
  });

  /** An error that has itself in a property. */
  function itsOwn(property: string, value: (error: Error) => unknown): Error {
    const error = new Error(`saw ${FIRST}`);
    return Object.assign(error, { [property]: value(error) });
  }

  test('keeps its name and its stack, and four causes', async () => {
    const last = new TypeError('the fifth cause');
    const chain = [4, 3, 2, 1].reduce((cause, nth) => new TypeError(`cause ${nth}`, { cause }), last);
    const thrown = new TypeError('failed', { cause: chain });
    thrown.stack = `TypeError: failed\n    at connect with ${FIRST} (door.ts:1:1)`;
    const { error } = await thrownBySetSecret(thrown);
    expect(error).toMatchObject({
      message: 'the rotator door failed in setSecret: failed: cause 1: cause 2: cause 3: cause 4',
      cause: {
        name: 'TypeError',
        stack: `TypeError: failed\n    at connect with ${HIDDEN} (door.ts:1:1)`,
      },
    });
  });

  test('does not lose the fields that may be shown, even where another field contains them', async () => {
    const { error } = await thrownBySetSecret(
      new Error('app-user-1 cannot reach db.example.internal'),
      FIRST,
      {
        note: 'db.example.internal belongs to app-user-1',
      },
    );
    expect(String(error)).toContain('app-user-1');
    expect(String(error)).not.toContain('db.example');
  });

  test('loses every other string of the secret, at any depth, and long numbers', async () => {
    const more = { nested: [{ key: 'deep-inside-secret' }], pin: 98765432, port: 5432, note: null };
    const { error } = await thrownBySetSecret(
      new Error('saw deep-inside-secret and 98765432 at port 5432'),
      FIRST,
      more,
    );
    expect(String(error)).toContain(`saw ${HIDDEN} and ${HIDDEN} at port 5432`);
  });

  test('loses the rotated field even if it is the same as one that may be shown', async () => {
    const { error } = await thrownBySetSecret(new Error('saw app-user-1'), 'app-user-1');
    expect(String(error)).toContain(`saw ${HIDDEN}`);
  });

  test('keeps the ARN and the token, of which a kept field may have a part', async () => {
    const { begin, deliver, secretId } = await doorRig({
      secretString: JSON.stringify({ user: 'app', password: FIRST, region: 'eu-west-1' }),
      parts: {
        setSecret(_, { secretId, token }) {
          throw new Error(`remove ${token} of ${secretId}`);
        },
      },
    });
    const token = await begin();
    await deliver('createSecret');
    expect(String(await rejection(deliver('setSecret')))).toContain(`remove ${token} of ${secretId}`);
  });

  test('loses a kept value that has only a part in common with what may be shown', async () => {
    const { error } = await thrownBySetSecret(new Error('saw app-user-1-and-more, and 1234'), FIRST, {
      key: 'app-user-1-and-more',
      pin: '1234',
    });
    expect(String(error)).not.toContain('and-more');
    expect(String(error)).not.toContain('1234');
  });

  test.each(['a', 'app', 'apps'])(
    'loses a kept value but for what may be shown, as a whole word, however short it is: %s',
    async (user) => {
      const { error } = await thrownBySetSecret(new Error(`saw key of ${user} here`), FIRST, {
        user,
        note: `key of ${user} here`,
      });
      expect((error as Error).message).toBe(
        `the rotator door failed in setSecret: saw ${HIDDEN}${user}${HIDDEN}`,
      );
    },
  );

  test('loses the text of a SyntaxError, which quotes what could not be parsed', async () => {
    const quoted = (() => {
      try {
        return JSON.parse('tok_LIVE_1234567890');
      } catch (error) {
        return error;
      }
    })();
    expect(quoted.message).toContain('tok_LIVE');
    for (const thrown of [quoted, new Error('the answer was no JSON', { cause: quoted })]) {
      const { error } = await thrownBySetSecret(thrown);
      expect(allOf(error)).not.toContain('tok_LIVE');
      expect(allOf(error)).toContain('a text could not be parsed');
    }
  });

  test('may be an error that cannot be read', async () => {
    const hostile = Object.defineProperty(new Error('x'), 'message', {
      get() {
        throw new Error(FIRST);
      },
    });
    const { error } = await thrownBySetSecret(hostile);
    expect(error).toMatchObject({
      code: 'ERR_ROTATOR_FAILED',
      message: expect.stringContaining('an unreadable value was thrown'),
    });
    expect(leaks(allOf(error), FIRST)).toBeUndefined();
  });

  test('may not smuggle the secret out as the code of a RotationError', async () => {
    const { error, log } = await thrownBySetSecret(new RotationError(`ERR_${FIRST}` as never, 'failed'));
    expect(error).toMatchObject({ code: 'ERR_ROTATOR_FAILED' });
    expect(leaks(allOf(error) + JSON.stringify(log), FIRST)).toBeUndefined();
  });

  test.each([
    ['ab', `saw (${HIDDEN}) in cab, in - abc, and xhugex`],
    ['huge', `saw (ab) in cab, in - abc, and x${HIDDEN}x`],
  ])(
    'loses the short secret %s where it stands alone, or anywhere if it has four characters',
    async (password, left) => {
      const { error } = await thrownBySetSecret(new Error('saw (ab) in cab, in - abc, and xhugex'), password);
      expect(String(error)).toContain(left);
    },
  );

  test('loses a kept value of fewer than eight characters only where it is a whole word', async () => {
    const { error } = await thrownBySetSecret(
      new Error('saw orders of the pre-orders, reorders and ordersome, and a catalogue2'),
      FIRST,
      { schema: 'orders', table: 'catalogue' },
    );
    expect(String(error)).toContain(
      `saw ${HIDDEN} of the pre-${HIDDEN}, reorders and ordersome, and a ${HIDDEN}2`,
    );
  });
});

describe('a value in any form', () => {
  const forms: Record<string, (value: string) => string> = {
    plain: (value) => value,
    json: (value) => JSON.stringify(value),
    'ascii json': (value) =>
      JSON.stringify(value).replace(
        /[^ -~]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      ),
    url: (value) => encodeURIComponent(value),
    uri: (value) => encodeURI(value),
    'every byte of a url, in lower case': (value) =>
      [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    form: (value) => new URLSearchParams({ value }).toString(),
    'json of other languages': (value) =>
      JSON.stringify(value)
        .replace(/[<>&'+]/g, (char) => `\\u00${char.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('/', '\\/'),
    'json within json': (value) => JSON.stringify(JSON.stringify(value)),
    'bytes in a dump': (value) =>
      Buffer.from(value)
        .toString('hex')
        .replace(/..(?=.)/g, '$& '),
    base64: (value) => Buffer.from(`app:${value}`).toString('base64'),
    'base64, second phase': (value) => Buffer.from(`ap:${value}`).toString('base64'),
    'base64, third phase': (value) => Buffer.from(`a:${value}`).toString('base64'),
    base64url: (value) => Buffer.from(value).toString('base64url'),
    'BYTES IN A DUMP': (value) =>
      Buffer.from(value)
        .toString('hex')
        .toUpperCase()
        .replace(/..(?=.)/g, '$& '),
    hex: (value) => Buffer.from(value).toString('hex'),
    HEX: (value) => Buffer.from(value).toString('hex').toUpperCase(),
  };

  test.each(Object.keys(forms))('does not come out: %s', async (name) => {
    const encode = forms[name]!;
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 16, maxLength: 40, unit: fc.constantFrom(...'abcXYZ019 "\\/%+&<é€😀\n\t') }),
        async (password) => {
          const encoded = encode(`#${password}`);
          const { error } = await thrownBySetSecret(new Error(`at <${encoded}>`), `#${password}`);
          const [, rest = ''] = /at <([\s\S]*)>$/.exec((error as Error).message) ?? [];
          // Nothing is left but the marks, what the form adds around a value, and a part of a base64 character.
          expect(rest.replaceAll(HIDDEN, '').length).toBeLessThan(16);
          expect(rest).toContain(HIDDEN);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('does not come out of a form, in which its spaces are signs', async () => {
    const { error } = await thrownBySetSecret(new Error('at <one+horse+two+carts>'), 'one horse two carts');
    expect((error as Error).message).toMatch(/ at <\[redacted\]>$/);
  });

  test('does not come out if it is one character, but nothing else does not', async () => {
    const { error } = await thrownBySetSecret(new Error('at x, and no other place'), 'x', { note: '' });
    expect((error as Error).message).toMatch(/ at \[redacted\], and no other place$/);
  });

  test('does not come out of a message of a million characters, of which the beginning is kept', async () => {
    const url = encodeURIComponent(FIRST);
    for (const before of [0, 16_340, 16_350, 16_360, 16_370, 16_380, 16_384]) {
      const { error } = await thrownBySetSecret(
        new Error(`${'%41\\n'.repeat(before / 5)}${url}${'x'.repeat(1_000_000)}`),
      );
      const { message } = error as Error;
      expect(message).toMatch(/^the rotator door failed in setSecret.*… \(1\d{6} characters\)$/s);
      expect(message.length).toBeLessThan(17_000);
      expect(leaks(allOf(error), url)).toBeUndefined();
    }
  });

  /** How a text stands in base64 between others. */
  const inBase64 = (value: string, before: string, after: string) =>
    Buffer.from(before + value + after).toString('base64');

  test.each([
    ['', '', 'cDQkdw==', `${HIDDEN}w==`],
    ['', 'zz', 'cDQkd3p6', `${HIDDEN}3p6`],
    ['a', '', 'YXA0JHc=', `YX${HIDDEN}c=`],
    ['a', 'z', 'YXA0JHd6', `YX${HIDDEN}d6`],
    ['ab', '', 'YWJwNCR3', `YWJ${HIDDEN}`],
    ['ab', 'z', 'YWJwNCR3eg==', `YWJ${HIDDEN}eg==`],
  ])('does not come out of base64 between %j and %j, short as it is', async (before, after, text, left) => {
    expect(inBase64('p4$w', before, after)).toBe(text);
    const { error } = await thrownBySetSecret(new Error(`at ${text}`), 'p4$w');
    expect((error as Error).message).toBe(`the rotator door failed in setSecret: at ${left}`);
  });

  test.each(['', 'a', 'ab'])(
    'does not come out of base64 for URLs, all of it signs, after %j',
    async (before) => {
      const password = '???>>>~~~???>>>~~~';
      const text = inBase64(password, before, '').replaceAll('+', '-').replaceAll('/', '_');
      const { error } = await thrownBySetSecret(new Error(`at ${text}`), password);
      const [, left = ''] = / at (.*)$/.exec((error as Error).message) ?? [];
      expect(left.replace(HIDDEN, '').length).toBeLessThan(6);
      expect(left).toContain(HIDDEN);
    },
  );

  test('is looked for in all of 16,384 characters; what is longer is cut there, and says so', async () => {
    for (const [length, rest] of [
      [16_384, ''],
      [16_385, '… (16385 characters)'],
    ] as const) {
      const { error } = await thrownBySetSecret(new Error('x'.repeat(length)));
      expect((error as Error).cause).toMatchObject({ message: 'x'.repeat(16_384) + rest });
    }
  });

  test.each([
    ['a URL', encodeURIComponent],
    ['JSON', (value: string) => JSON.stringify(value).slice(1, -1)],
  ])(
    'does not come out of %s at the end of a message, with all the characters it may have',
    async (_, encode) => {
      const password = 'a\bb\fc\nd\re\tf"g\\h/i%j+k é€😀';
      const { error } = await thrownBySetSecret(new Error(`at ${encode(password)}`), password);
      expect((error as Error).message).toBe(`the rotator door failed in setSecret: at ${HIDDEN}`);
    },
  );

  test('does not come out in part', async () => {
    const { error } = await thrownBySetSecret(
      new Error(`cut off: ${FIRST.slice(0, 9)}…, …${FIRST.slice(-8)}`),
    );
    expect(leaks(allOf(error), FIRST)).toBeUndefined();
  });
});

test('no value leaves that was made but could not be stored', async () => {
  let made = '';
  const { begin, deliver } = await doorRig({
    parts: {
      createSecret: () => {
        made = 'made-but-not-stored-1';
        return { password: made };
      },
    },
    client(secrets) {
      const client = new FaultyClient(secrets);
      client.fail(
        'putSecretValue',
        serviceError('InternalServiceError', { message: 'cannot store made-but-not-stored-1' }),
      );
      return client;
    },
  });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(leaks(allOf(error), made)).toBeUndefined();
});

test.each([
  '{"password":"hunter2-hunter2"',
  'hunter2-hunter2',
  '{"user":"a","password":"hunter2-hunter2","password":"x"}',
])('no part of a value leaves that could not be read: %s', async (secretString) => {
  const { begin, deliver, log } = await doorRig({ secretString });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(leaks(allOf(error), 'hunter2-hunter2')).toBeUndefined();
  expect(leaks(JSON.stringify(log), 'hunter2-hunter2')).toBeUndefined();
});

test('a parser that quotes its input is not believed', async () => {
  const { begin, deliver } = await doorRig({
    parts: {
      parse: (json) => {
        throw new Error(`unexpected ${JSON.stringify(json)}`);
      },
    },
  });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
  expect(leaks(allOf(error), FIRST)).toBeUndefined();
});

test('the RotationToken reaches PutSecretValue and nothing else', async () => {
  const tokens: unknown[] = [];
  let client: FaultyClient | undefined;
  const { begin, deliver, log } = await doorRig({
    client: (secrets) => {
      client = new FaultyClient(secrets);
      return client;
    },
    parts: {
      setSecret() {
        throw new Error(`saw ${tokens[0]}`);
      },
    },
  });
  await begin();
  await deliver('createSecret');
  tokens.push(client?.calls.find(({ operation }) => operation === 'putSecretValue')?.input.RotationToken);
  expect(tokens).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  const error = await rejection(deliver('setSecret'));
  expect(allOf(error) + JSON.stringify(log)).not.toContain(tokens[0]);
  expect(client?.calls.filter(({ input }) => input.RotationToken !== undefined)).toHaveLength(1);
});

describe('another secret that a rotator reads', () => {
  async function reading(admin: string, work: (admin: Readonly<Record<string, unknown>>) => void) {
    const rigged = await doorRig({
      parts: {
        async setSecret(_, context) {
          work(await context.readSecret('admin', ['username']));
        },
      },
    });
    await rigged.secrets.createSecret({ Name: 'admin', SecretString: admin });
    await rigged.begin();
    await rigged.deliver('createSecret');
    return rejection(rigged.deliver('setSecret'));
  }

  test('is given as it is, and redacted but for the fields that may be shown', async () => {
    const admin = { username: 'administrator', password: 'admin-password-1', port: 5432 };
    const error = await reading(JSON.stringify(admin), (read) => {
      expect(read).toEqual(admin);
      throw new Error('administrator with admin-password-1 was refused');
    });
    expect(String(error)).toContain(`administrator with ${HIDDEN} was refused`);
  });

  test('is redacted where it is the same as a field that may be shown', async () => {
    const error = await reading('{"username":"payments-admin","password":"payments-admin"}', () => {
      throw new Error('login of payments-admin with payments-admin');
    });
    expect(String(error)).not.toContain('payments');
  });

  test('that is not JSON is named, and not quoted', async () => {
    const error = await reading('hunter2-hunter2', () => {});
    expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED', message: 'AWSCURRENT of admin is not JSON' });
    expect(allOf(error)).not.toContain('hunter2');
  });
});

test('a warning is in the log entry of its step, redacted', async () => {
  const { begin, deliver, log } = await doorRig({
    parts: {
      setSecret: ({ current }, { warn }) => warn(`${current.user} has the weak password ${current.password}`),
    },
  });
  await begin();
  await deliver('createSecret');
  await deliver('setSecret');
  expect(log.at(-1)).toMatchObject({ outcome: 'set', warnings: [`app has the weak password ${HIDDEN}`] });
});

test('what createSecret warns of is redacted, though its value is known only afterwards', async () => {
  const { begin, deliver, log } = await doorRig({
    parts: {
      createSecret(_, { warn }) {
        warn('made-password-1 is not my favourite');
        return { password: 'made-password-1' };
      },
    },
  });
  await begin();
  await deliver('createSecret');
  expect(log).toMatchObject([{ outcome: 'created', warnings: [`${HIDDEN} is not my favourite`] }]);
});

test('what was made in part is redacted too', async () => {
  const { begin, deliver, log } = await doorRig({
    parts: {
      rotates: ['user', 'password'] as readonly string[] as ['password'],
      createSecret: () => ({ password: 'made-in-part-1' }),
      discardSecret: ({ password }, _, { warn }) => warn(`discarded ${password}`),
    },
  });
  await begin();
  await rejection(deliver('createSecret'));
  expect(log).toMatchObject([{ code: 'ERR_ROTATOR_FAILED', warnings: [`discarded ${HIDDEN}`] }]);
});

test('a value that shows only as JSON is redacted', async () => {
  const { begin, deliver } = await doorRig({
    parts: { createSecret: () => ({ password: { toJSON: () => 'made-by-to-json' } as never }) },
    client(secrets) {
      const client = new FaultyClient(secrets);
      client.fail('putSecretValue', serviceError('InternalServiceError', { message: 'not made-by-to-json' }));
      return client;
    },
  });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(error).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
  expect(leaks(allOf(error), 'made-by-to-json')).toBeUndefined();
});

test('a secret that only the rotator knows is redacted once it says so', async () => {
  const { begin, deliver } = await doorRig({
    parts: {
      createSecret(_, { hide }) {
        hide('issued-key-0001');
        throw new Error('issued-key-0001 cannot be used');
      },
    },
  });
  await begin();
  const error = await rejection(deliver('createSecret'));
  expect(String(error)).toContain(`${HIDDEN} cannot be used`);
  expect(leaks(allOf(error), 'issued-key-0001')).toBeUndefined();
});

test('a client that throws before it makes a promise is an error of Secrets Manager', async () => {
  const { begin, deliver } = await doorRig({
    client: (secrets) =>
      Object.assign(new FaultyClient(secrets), {
        describeSecret() {
          throw serviceError('AccessDeniedException');
        },
      }),
  });
  await begin();
  expect(await rejection(deliver('createSecret'))).toMatchObject({ code: 'ERR_SECRETS_MANAGER_FAILED' });
});

describe('the log', () => {
  const OUTCOMES = ['created', 'set', 'passed', 'promoted'];

  /** How the steps of a rotation end that are logged so. */
  async function outcomesWith(log: (entry: LogEntry) => unknown): Promise<readonly string[]> {
    const { secrets, secretId, door, begin } = await doorRig();
    const handler = rotationHandler(doorRotator(door), { client: secrets, log });
    const ClientRequestToken = await begin();
    const outcomes: string[] = [];
    for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
      outcomes.push((await handler({ Step, SecretId: secretId, ClientRequestToken })).outcome);
    }
    return outcomes;
  }

  test.each([
    ['rejects', () => Promise.reject(new Error('the log is full'))],
    ['hangs', () => new Promise(() => {})],
  ])('that %s changes nothing', async (_, log) => {
    expect(await outcomesWith(log)).toEqual(OUTCOMES);
  });

  test('is one line of JSON, and a metric in CloudWatch’s embedded format', async () => {
    const lines: string[] = [];
    const write = jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((line) => lines.push(String(line)) > 0);
    const { secrets, begin } = await doorRig();
    await begin();
    const handler = rotationHandler(doorRotator(new Door()), { client: secrets });
    const ClientRequestToken = secrets.rotation('door').token ?? '';
    await handler({ Step: 'createSecret', SecretId: 'door', ClientRequestToken });
    await rejection(handler({ Step: 'testSecret', SecretId: 'door', ClientRequestToken }));
    write.mockRestore();
    expect(lines.map((line) => line.endsWith('}\n') && !line.slice(0, -1).includes('\n'))).toEqual([
      true,
      true,
    ]);
    const [created, failed] = lines.map((line) => JSON.parse(line));
    expect(created).toEqual({
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Quarterturn',
            Dimensions: [['rotator'], ['rotator', 'step']],
            Metrics: [
              { Name: 'durationMs', Unit: 'Milliseconds' },
              { Name: 'failed', Unit: 'Count' },
            ],
          },
        ],
      },
      rotator: 'door',
      step: 'createSecret',
      secretId: 'door',
      versionId: ClientRequestToken,
      outcome: 'created',
      durationMs: expect.any(Number),
      failed: 0,
    });
    expect(failed).toMatchObject({
      step: 'testSecret',
      outcome: 'failed',
      code: 'ERR_CREDENTIAL_REJECTED',
      failed: 1,
    });
  });

  test('that breaks changes nothing', async () => {
    const entries: LogEntry[] = [];
    const outcomes = await outcomesWith((entry) => {
      entries.push(entry);
      throw new Error('the log is full');
    });
    expect(outcomes).toEqual(OUTCOMES);
    expect(entries).toHaveLength(4);
  });
});
