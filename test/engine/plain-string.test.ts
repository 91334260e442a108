import { inspect } from 'node:util';
import { type Rotator, rotationHandler, stringField } from '../../src/index.js';
import { rig } from '../../src/testing/index.js';
import { allOf, leaks } from '../support/errors.js';
import { type TokenSecret, tokens } from '../support/plain-tokens.js';

const FIRST = 'first-token-of-the-service';
async function rotated(secret: string, parts: Partial<Rotator<TokenSecret, 'token'>> = {}) {
  const rigged = await rig(tokens(parts), { secret });
  const report = await rigged.rotate();
  return { ...rigged, report, current: await rigged.secretString('AWSCURRENT') };
}

test('a plain text is the field that it is declared to be, and stays a plain text', async () => {
  const seen: unknown[] = [];
  const setSecret: Rotator<TokenSecret, 'token'>['setSecret'] = async ({ pending, current, previous }) =>
    void seen.push(current, pending, await previous());
  const { report, current, rotate } = await rotated(FIRST, { setSecret });
  expect(report).toMatchObject({ outcome: 'succeeded' });
  expect(current).toMatch(/^another-token-\d+$/);
  await rotate();
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
  const { text: _, ...undeclared } = tokens();
  const { begin, deliver } = await rig(undeclared, { secret: FIRST });
  await begin();
  await expect(deliver('createSecret')).rejects.toMatchObject({
    code: 'ERR_SECRET_MALFORMED',
    message: 'AWSCURRENT is not JSON',
  });
});

test.each<[string, unknown, string]>([
  ['a number', 1234567890, 'createSecret returned a "token" that is not a string'],
  ['a forgotten Promise', Promise.resolve('t'), 'createSecret returned a "token" that is not a string'],
  ['an empty text', '', 'createSecret of tokens returned a value that its parse() refuses'],
  [
    'what would be read as a JSON object',
    '{"token":"t"}',
    'createSecret of tokens returned a value that its parse() refuses',
  ],
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
    new TypeError(
      'the rotator tokens must rotate "token" alone, because "token" is the whole text of a secret',
    ),
  );
});

test('a rotator that rotates another field than the text is told at once', () => {
  expect(() => rotationHandler({ ...tokens(), rotates: ['id'] as never })).toThrow(TypeError);
});
