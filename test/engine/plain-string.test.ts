import { inspect } from 'node:util';
import { type LogEntry, type Rotator, rotationHandler, stringField } from '../../src/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { allOf, leaks } from '../support/rig.js';

interface TokenSecret {
  readonly token: string;
}

const FIRST = 'first-token-of-the-service';
let made = 0;

function tokens(parts: Partial<Rotator<TokenSecret, 'token'>> = {}): Rotator<TokenSecret, 'token'> {
  return {
    name: 'tokens',
    rotates: ['token'],
    shows: [],
    text: 'token',
    parse: (json) => ({ token: stringField(json, 'token') }),
    createSecret: () => ({ token: `another-token-${++made}` }),
    setSecret: () => {},
    testSecret: () => 'accepted',
    ...parts,
  };
}

async function rotated(SecretString: string, parts: Partial<Rotator<TokenSecret, 'token'>> = {}) {
  const secrets = new LocalSecretsManager();
  const log: LogEntry[] = [];
  const handler = rotationHandler(tokens(parts), { client: secrets, log: (entry) => log.push(entry) });
  const RotationLambdaARN = secrets.addFunction('rotate', handler);
  await secrets.createSecret({ Name: 'plain', SecretString });
  await secrets.rotateSecret({ SecretId: 'plain', RotationLambdaARN });
  const report = await secrets.rotation('plain').run();
  const { SecretString: current } = await secrets.getSecretValue({ SecretId: 'plain' });
  return { secrets, report, current, log };
}

test('a plain text is the field that it is declared to be, and stays a plain text', async () => {
  const seen: unknown[] = [];
  const setSecret: Rotator<TokenSecret, 'token'>['setSecret'] = async ({ pending, current, previous }) =>
    void seen.push(current, pending, await previous());
  const { report, current, secrets } = await rotated(FIRST, { setSecret });
  expect(report).toMatchObject({ outcome: 'succeeded' });
  expect(current).toMatch(/^another-token-\d+$/);
  await secrets.rotateSecret({ SecretId: 'plain' });
  await secrets.rotation('plain').run();
  expect(seen).toEqual([
    { token: FIRST },
    { token: current },
    undefined,
    { token: current },
    { token: expect.stringMatching(/^another-token-\d+$/) },
    { token: FIRST },
  ]);
});

test('a JSON object stays one, with all else that is in it', async () => {
  const { report, current } = await rotated(`{ "owner": "team-a",\n "token": "${FIRST}" }`);
  expect(report).toMatchObject({ outcome: 'succeeded' });
  expect(current).toMatch(/^\{ "owner": "team-a",\n "token": "another-token-\d+" \}$/);
});

test.each([
  ['a JSON string', '"first-token-of-the-service"'],
  ['a number', '1234567890123456'],
  ['a JSON array', '["first-token"]'],
  ['null', 'null'],
  ['an object that does not end', '{"token": "first-token"'],
  ['two lines', 'first-token\nof-the-service\n'],
])('%s is a plain text, to the byte', async (_, stored) => {
  const current: TokenSecret[] = [];
  const setSecret: Rotator<TokenSecret, 'token'>['setSecret'] = (versions) =>
    void current.push(versions.current);
  const { report } = await rotated(stored, { setSecret });
  expect(report).toMatchObject({ outcome: 'succeeded' });
  expect(current).toEqual([{ token: stored }]);
});

test('without the declaration a plain text is malformed, as ever', async () => {
  const secrets = new LocalSecretsManager();
  const { text: _, ...undeclared } = tokens();
  const RotationLambdaARN = secrets.addFunction('rotate', rotationHandler(undeclared, { client: secrets }));
  await secrets.createSecret({ Name: 'plain', SecretString: FIRST });
  await secrets.rotateSecret({ SecretId: 'plain', RotationLambdaARN });
  await expect(secrets.rotation('plain').deliver('createSecret')).rejects.toMatchObject({
    code: 'ERR_SECRET_MALFORMED',
    message: 'AWSCURRENT is not JSON',
  });
});

test.each<[string, unknown, string]>([
  ['a number', 1234567890, 'createSecret made a "token" that is not a string'],
  ['a forgotten Promise', Promise.resolve('t'), 'createSecret made a "token" that is not a string'],
  ['an empty text', '', 'createSecret of tokens made what it cannot read'],
  ['what would be read as a JSON object', '{"token":"t"}', 'createSecret of tokens made what it cannot read'],
])('refuses a rotator that makes %s of a plain text, and stores nothing', async (_, token, message) => {
  const discardSecret = jest.fn();
  const { report, current } = await rotated(FIRST, {
    createSecret: () => ({ token }) as TokenSecret,
    discardSecret,
  });
  expect(report).toMatchObject({
    outcome: 'failed',
    steps: [{ step: 'createSecret', error: { code: 'ERR_ROTATOR_FAILED', message } }],
  });
  expect(current).toBe(FIRST);
  expect(discardSecret).toHaveBeenCalledTimes(1);
});

test('a text that is longer than Secrets Manager takes is not stored', async () => {
  const { report, current } = await rotated(FIRST, { createSecret: () => ({ token: 't'.repeat(65_537) }) });
  expect(report.steps.at(-1)?.error).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
  expect(current).toBe(FIRST);
});

test('nothing of the old text or the new one leaves the function', async () => {
  let pending = '';
  const { report, log } = await rotated(FIRST, {
    setSecret({ pending: { token } }, { warn }) {
      pending = token;
      warn(`${token} came after ${FIRST}`);
      throw new Error(`no luck with ${token}`, { cause: new Error(Buffer.from(FIRST).toString('base64')) });
    },
  });
  const told = allOf(report.steps.at(-1)?.error) + inspect(log);
  for (const secret of [FIRST, pending, Buffer.from(FIRST).toString('base64')]) {
    expect(leaks(told, secret)).toBeUndefined();
  }
});

test('a rotator that changes more than the field has no room for it in a plain text, and is told at once', () => {
  const rotator: Rotator<TokenSecret & { readonly id: string }, 'token' | 'id'> = {
    ...tokens(),
    rotates: ['token', 'id'],
    parse: (json) => ({ token: stringField(json, 'token'), id: stringField(json, 'id') }),
    createSecret: () => ({ token: 'another-token', id: '2' }),
  };
  expect(() => rotationHandler(rotator)).toThrow(
    new TypeError('the rotator tokens must rotate "token" alone, if that is the whole text of a secret'),
  );
});

test('a rotator that rotates another field than the text is told at once', () => {
  expect(() => rotationHandler({ ...tokens(), rotates: ['id'] as never })).toThrow(TypeError);
});
