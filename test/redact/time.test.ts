import { createHash } from 'node:crypto';
import { RotationError } from '../../src/index.js';
import { Redactor } from '../../src/redact/redactor.js';
import { allOf, leaks } from '../support/errors.js';
import { thrownBy } from './thrown.js';

const HIDDEN = '[redacted]';
/** Two seconds, and what a busy machine may add to them. */
const IN_TIME = 7000;

/** As many letters and digits as wanted, and no two runs of them the same. */
function random(length: number, seed: string): string {
  let text = '';
  for (let n = 0; text.length < length; n++)
    text += createHash('sha256')
      .update(seed + n)
      .digest('base64url');
  return text.slice(0, length);
}

/** Every kind of escape, over and over. */
const escapes = (length: number) =>
  `%41\\u0041+&#65;=41 \\101 0x41, 65,66 ''x "" `.repeat(length / 44).padEnd(length);

const LARGEST: Readonly<Record<string, () => Record<string, unknown>>> = {
  'one value': () => ({ password: random(65_000, 'one') }),
  '4,000 fields': () => ({
    password: random(12, 'one'),
    ...Object.fromEntries(Array.from({ length: 3999 }, (_, at) => [`f${at}`, random(5, `${at}`)])),
  }),
  '9,000 short strings': () => ({
    password: random(12, 'one'),
    words: Array.from({ length: 9000 }, (_, at) => random(4, `${at}`)),
  }),
  'one letter, again and again': () => ({ password: 'x'.repeat(65_000) }),
};

/** What a driver may say, with the beginning of the password in it. */
const TEXTS: Readonly<Record<string, (password: string) => string>> = {
  'a megabyte of words': (password) =>
    `${password.slice(0, 12)} is not ${'could not log in '.repeat(60_000)}`,
  'a megabyte of itself': (password) => password.repeat(Math.ceil(1e6 / password.length)),
  'a megabyte of escapes': (password) => `${password.slice(0, 12)} is not ${escapes(1e6)}`,
};

test.each([
  ['one value', 'a megabyte of escapes'],
  ['4,000 fields', 'a megabyte of words'],
  ['9,000 short strings', 'a megabyte of escapes'],
  ['one letter, again and again', 'a megabyte of itself'],
])('a secret of 64 KiB, %s, is taken in time out of texts and errors: %s', (kind, words) => {
  const stored = { password: '', ...LARGEST[kind]?.() };
  const text = TEXTS[words]?.(stored.password) ?? '';
  const redactor = new Redactor();
  redactor.hideFields(stored, [], ['password']);
  const error = [4, 3, 2, 1].reduce((cause) => new Error(text, { cause }), new Error(text));
  for (const redact of [() => redactor.error(error), () => redactor.text(text)]) {
    const startedAt = performance.now();
    const left = allOf(redact());
    expect(performance.now() - startedAt).toBeLessThan(IN_TIME);
    expect(left).toContain(HIDDEN);
    expect(leaks(left, stored.password.slice(0, 12))).toBeUndefined();
  }
});

test('a step that fails with a megabyte of text ends in time, and lets nothing out', async () => {
  const stored = { password: '', ...LARGEST['one value']?.() };
  const text = stored.password.repeat(16);
  const { error, log } = await thrownBy((_versions, { warn }) => {
    warn(text);
    throw new Error(text);
  }, stored);
  expect(allOf(error)).toContain(HIDDEN);
  expect(leaks(allOf([error, log]), stored.password.slice(0, 12))).toBeUndefined();
});

test('nothing but the code is left of an error for which there was no time', () => {
  const redactor = new Redactor(['arn']);
  redactor.hide('kT9-x_Qw.8aLz');
  const cause = Object.assign(new TypeError('cause of kT9-x_Qw.8aLz'), { code: 'E1' });
  const scrubbed = redactor.error(
    new RotationError('ERR_SERVICE_FAILED', 'not kT9-x_Qw.8aLz', { hint: 'try', cause }),
    -1,
  );
  expect(scrubbed).toMatchObject({
    name: 'RotationError',
    code: 'ERR_SERVICE_FAILED',
    message: HIDDEN,
    hint: HIDDEN,
    stack: HIDDEN,
    cause: { name: HIDDEN, message: HIDDEN, stack: HIDDEN, code: HIDDEN },
  });
  expect(redactor.texts(['arn of kT9-x_Qw.8aLz', 'arn'], true, -1)).toEqual([HIDDEN, HIDDEN]);
  expect(redactor.text('arn of kT9-x_Qw.8aLz')).toBe(`arn of ${HIDDEN}`);
});

test('what is found at the end of a megabyte is taken out there, and across the pieces that it is looked at in', () => {
  const secret = 'kT9-x_Qw.8aLz~Pm3RvB7nYc2DhS5fGj';
  const redactor = new Redactor();
  redactor.hide(secret);
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('hex')];
  for (const form of forms) {
    for (let at = 16_384 - form.length - 2; at < 16_384 + 2; at++) {
      expect(redactor.text(`${'.'.repeat(at)}${form}${'.'.repeat(100)}`)).toBe(
        `${'.'.repeat(at)}${HIDDEN}${'.'.repeat(100)}`,
      );
    }
    const text = '. '.repeat(500_000);
    expect(redactor.text(text + form)).toBe(text + HIDDEN);
  }
});
