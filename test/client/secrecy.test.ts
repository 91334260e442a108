import { inspect } from 'node:util';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import {
  type RotatingSecretOptions,
  rotatingFetch,
  rotatingSecret,
  SecretError,
  withSecret,
} from '../../src/client/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { clientWorld, outcomeOf, pass, Service } from '../support/client-world.js';

afterEach(() => jest.useRealTimers());

const ALL = { depth: Number.POSITIVE_INFINITY, showHidden: true, maxStringLength: null } as const;

/** What of a thing everything that prints can print. */
function printed(thing: unknown): string {
  const own =
    typeof thing === 'object' && thing !== null
      ? Object.entries(Object.getOwnPropertyDescriptors(thing))
      : [];
  const structured =
    thing instanceof Error ? JSON.stringify({ ...thing, message: thing.message, stack: thing.stack }) : '';
  return [
    inspect(thing, ALL),
    inspect(thing, { ...ALL, getters: true }),
    String(thing),
    JSON.stringify(thing),
    inspect(own, ALL),
    structured,
  ].join('\n');
}

async function failureOf(id: string, options: RotatingSecretOptions<unknown>) {
  const secret = rotatingSecret(id, options);
  const error = await secret.get().catch((thrown) => thrown);
  secret.close();
  return error;
}

test('a secret and a version print their id, label and date, and nothing of the value', async () => {
  const { secret, stage } = await clientWorld();
  const service = new Service('password-one');
  await secret.logIn(service.logIn);
  await stage({ password: 'password-two' });
  service.accepted.clear();
  service.accepted.add('password-two');
  await secret.logIn(service.logIn);
  const version = await secret.get();
  expect(version.value.password).toBe('password-two');
  expect(JSON.parse(JSON.stringify(version))).toEqual({
    versionId: version.versionId,
    stage: 'AWSPENDING',
    createdDate: expect.any(String),
  });
  for (const thing of [secret, version, { ...version }, structuredClone({ ...version })]) {
    expect(printed(thing).includes('password-')).toBe(false);
  }
});

test('no event holds a value', async () => {
  const { secret, stage, events } = await clientWorld();
  const service = new Service();
  await stage({ password: 'password-two' });
  outcomeOf(secret.logIn(service.logIn));
  await pass(20_000);
  expect(events.length).toBeGreaterThan(3);
  expect(printed(events)).not.toContain('password-');
});

describe('no error quotes a value', () => {
  test.each([
    ['not JSON', '{"password": "password-one", oops}', {}],
    ['no object', '"password-one"', {}],
    ['bytes', 'password-one', { as: 'bytes' as const }],
    [
      'what parse refuses',
      '{"password":"password-one"}',
      {
        parse: ({ password }: Readonly<Record<string, unknown>>) => {
          throw new Error(`what is ${password}?`);
        },
      },
    ],
  ])('%s', async (_, SecretString, options) => {
    const secrets = new LocalSecretsManager();
    await secrets.createSecret({ Name: 'wrong', SecretString });
    const error = await failureOf('wrong', { client: secrets, ...options });
    expect(error).toBeInstanceOf(SecretError);
    expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED', secretId: 'wrong' });
    expect(printed(error)).not.toContain('password-one');
  });

  test('an answer that the SDK could not read, which it hangs on its error', async () => {
    const text = '{"SecretString":"password-one"';
    const unread = new SyntaxError(`Unexpected token in ${text}`, { cause: text });
    Object.defineProperty(unread, '$response', { value: { body: text } });
    Object.assign(unread, { code: 'password-one', $responseBodyText: text });
    const client = { getSecretValue: () => Promise.reject(unread) };
    const error = await failureOf('unread', { client });
    expect(error).toMatchObject({ code: 'ERR_SECRET_UNAVAILABLE' });
    expect(printed(error)).not.toContain('password-one');
    expect(error.message).toContain('SyntaxError');
  });

  test('a Region that nobody has named is said to be missing', async () => {
    const client: RotatingSecretOptions<unknown>['client'] = {
      getSecretValue: async (input) => new SecretsManager({ region: '' }).getSecretValue(input),
    };
    const error = await failureOf('app/db', { client });
    expect(error).toMatchObject({
      code: 'ERR_SECRET_UNAVAILABLE',
      hint: expect.stringContaining('AWS_REGION'),
    });
    expect(error.message).toContain('no Region');
  });

  test('an error whose name is not one', async () => {
    const client = {
      getSecretValue: () => Promise.reject(Object.assign(new Error(), { name: 'the password-one' })),
    };
    const error = await failureOf('unread', { client });
    expect(printed(error)).not.toContain('password-one');
  });
});

test.each([
  ['an object', '{"username":"app","password":"password-one"}'],
  ['a URL', 'postgres://app:password-one@db.example/app?sslmode=require'],
  ['several lines', 'password-one\npassword-two'],
])('a value in place of a name, %s, is refused before it is sent anywhere', async (_, value) => {
  const { client, remote, events } = await clientWorld();
  let error: unknown;
  try {
    await rotatingSecret(value, { client }).get();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TypeError);
  expect(printed([error, events])).not.toContain('password-');
  expect(remote.calls).toEqual([]);
});

test.each([
  ['throws', 'Bearer password-one\npassword-two'],
  ['rejects', 'Bearer password-one\0password-two'],
])('what signs a request %s: no error quotes the value, and nothing is sent', async (how, header) => {
  const { secret } = await clientWorld();
  const send = jest.fn();
  const sign = (_: unknown, headers: Headers) => headers.set('authorization', header);
  const authorize =
    how === 'throws' ? sign : async (value: unknown, headers: Headers) => sign(value, headers);
  const error = await rotatingFetch(secret, authorize, { fetch: send })('https://api.example/').catch(
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ code: 'ERR_SECRET_MALFORMED', secretId: 'app/db' });
  expect(printed(error)).not.toContain('password-');
  expect(send).not.toHaveBeenCalled();
});

test('the cause that a driver’s error gets names no value, and an error that has a cause keeps it', async () => {
  const { secret } = await clientWorld();
  const why = new Error('of the driver');
  const refusal = Object.assign(new Error('refused'), { code: '28P01', cause: why });
  const outcomes = [1, 2].map(() =>
    outcomeOf(
      withSecret(
        secret,
        () => Promise.reject(refusal),
        () => {},
      ),
    ),
  );
  await pass(20_000);
  for (const { error } of outcomes) expect(error).toMatchObject({ message: 'refused', cause: why });
  expect(printed(outcomes)).not.toContain('password-one');
});

test('a look in the background that fails rejects nothing that nobody handles', async () => {
  const { secret, remote } = await clientWorld();
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  await secret.get();
  remote.failure = new Error('gone');
  await pass(300_000);
  secret.invalidate();
  await pass(1000);
  process.off('unhandledRejection', unhandled);
  expect(remote.calls.length).toBeGreaterThan(2);
  expect(unhandled).not.toHaveBeenCalled();
});
