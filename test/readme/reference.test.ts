import { createServer } from 'node:http';
import { connect } from 'node:tls';
import { desk } from '../../src/cli/init/templates/issued-key/rotator.js';
import {
  administratorOfKeys,
  defineLambda,
  type Json,
  loadDriver,
  passwordPolicyFrom,
  passwordSource,
  quoted,
  RotationError,
  replacedKey,
  request,
  type StepContext,
  stringField,
  tlsContext,
} from '../../src/index.js';
import { rig } from '../../src/testing/index.js';
import { rejection } from '../support/errors.js';
import { codeOf, examplesIn } from '../support/examples.js';
import { listening } from '../support/listening.js';

/** A provider with one key a user. */
const provider = {
  key: 'first-key-1',
  async replace(_user: string, key: string) {
    if (key !== provider.key) throw new Error('401');
    provider.key = `${key}1`;
    return provider.key;
  },
  accepts: async (_user: string, key: string) => key === provider.key,
};

test('passwords are made by a policy, or by the variables of the environment', () => {
  {
    const newPassword = passwordSource({ length: 24, exclude: '~' });

    const createSecret = () => ({ password: newPassword() });
    expect(createSecret().password).toMatch(/^[A-Za-z][\w.-]{23}$/);
  }
  const newPassword = passwordSource(passwordPolicyFrom(process.env));
  expect(newPassword()).toHaveLength(32);
});

test('the fields of a secret are read, or named', () => {
  const parse = (json: Readonly<Record<string, unknown>>) => ({
    user: stringField(json, 'user'),
    password: stringField(json, 'password'),
    realm: stringField(json, 'realm', 'main'),
  });
  expect(parse({ user: 'app', password: 'x' })).toEqual({ user: 'app', password: 'x', realm: 'main' });
  expect(() => parse({ user: 'app' })).toThrow('"password" is missing');
});

test('errors have a code, a message and a hint', () => {
  const [url, status, code] = ['https://gate.example', 503, 'E17'];
  const failed = () => {
    throw new RotationError('ERR_SERVICE_FAILED', `${url} answered ${status}`, {
      hint: 'read the service’s log; the next attempt repeats the request',
    });
  };
  const answered = () => {
    throw new RotationError('ERR_SERVICE_FAILED', `the service answered ${quoted(code)}`);
  };
  expect(failed).toThrow('https://gate.example answered 503');
  expect(answered).toThrow(/^the service answered \S?E17\S?$/);
});

test('a key that the provider replaces is rotated', async () => {
  const hatch = () =>
    replacedKey({
      name: 'hatch',
      rotates: ['key'],
      shows: ['user'],
      parse: (json: Json) => ({ user: stringField(json, 'user'), key: stringField(json, 'key') }),
      replace: async ({ user, key }) => ({ key: await provider.replace(user, key) }),
      probe: async ({ user, key }) => ((await provider.accepts(user, key)) ? 'accepted' : 'rejected'),
      isRepeatable: false,
    });
  const { rotate, value } = await rig(hatch(), { secret: { user: 'app', key: provider.key } });
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  expect((await value('AWSCURRENT')).key).toBe(provider.key);
});

test('a request is sent, and an unexpected status is an error', async () => {
  const change = async (url: string, user: string, password: string, { signal }: StepContext) => {
    const doing = `change the password of "${user}"`;
    const answer = await request({ doing, url, method: 'PUT', body: password, signal });
    if (answer.status !== 200) throw answer.failure();
  };
  const server = createServer((_, response) => response.writeHead(503).end());
  const url = `http://127.0.0.1:${await listening(server)}`;
  const context = { signal: new AbortController().signal } as StepContext;
  const failed = await rejection(change(url, 'app', 'new-password-1', context)).finally(() => server.close());
  expect(failed).toMatchObject({ message: `could not change the password of "app": ${url} answered 503` });
});

test('a package is loaded, and a connection trusts the authorities', async () => {
  const smtp = () => loadDriver('nodemailer@^10.6.1', () => import('nodemailer'));
  expect(await smtp()).toHaveProperty('createTransport');
  const connectTo = (host: string, port: number) =>
    connect({ host, port, servername: host, secureContext: tlsContext(undefined) });
  const socket = connectTo('localhost', 1);
  await new Promise((resolve) => socket.once('error', resolve));
});

test('a manifest has the permissions of an administrator of keys', () => {
  const exported = () => {
    const lambda = defineLambda({
      rotator: () => desk(),
      environment: [],
      permissions: administratorOfKeys(),
      drivers: [],
    });
    return lambda;
  };
  expect(exported().permissions).toMatchObject([{ action: 'secretsmanager:GetSecretValue' }]);
});

test.each([
  ['src/password.ts', 2],
  ['src/rotator.ts', 1],
  ['src/errors.ts', 2],
  ['src/keys/replaced-key.ts', 1],
  ['src/network/http-request.ts', 1],
  ['src/network/driver.ts', 1],
  ['src/network/trust.ts', 1],
  ['src/permissions.ts', 1],
])('the examples in %s are what is run here', (path, count) => {
  const examples = examplesIn(path);
  expect(examples).toHaveLength(count);
  const code = codeOf('test/readme/reference.test.ts');
  for (const example of examples) expect(code).toContain(example.replace(/^export /gm, ''));
});
