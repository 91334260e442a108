import fc from 'fast-check';
import {
  type CharacterClass,
  type PasswordPolicy,
  passwordPolicyFrom,
  passwordSource,
} from '../src/index.js';

const CLASSES: Record<CharacterClass, RegExp> = {
  lower: /[a-z]/,
  upper: /[A-Z]/,
  digit: /[0-9]/,
  symbol: /[-_.~]/,
};

const many = (policy?: PasswordPolicy) => {
  const source = passwordSource(policy);
  return Array.from({ length: 200 }, source);
};

describe('a generated password', () => {
  test('has 32 characters that need no quoting, begins with a letter, and has a lower, an upper and a digit', () => {
    for (const password of many()) {
      expect(password).toMatch(/^[A-Za-z][A-Za-z0-9_.~-]{31}$/);
      expect(password).toMatch(/(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])/);
    }
  });

  test('is never the same', () => {
    expect(new Set(many()).size).toBe(200);
  });

  test('draws every character equally often', () => {
    const counts = new Map<string, number>();
    // The first character is always a letter, so it is left out.
    const text = Array.from({ length: 3000 }, passwordSource({ length: 33, require: [] }))
      .map((password) => password.slice(1))
      .join('');
    for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
    const expected = text.length / 66;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    expect(counts.size).toBe(66);
    // 65 degrees of freedom: a fair source exceeds this once in 100 million runs.
    expect(chiSquare).toBeLessThan(140);
  });

  test('meets any policy that can be met; any other is refused at once', () => {
    const classes = fc.subarray<CharacterClass>(['lower', 'upper', 'digit', 'symbol']);
    const characters = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~!"ä'];
    const exclude = fc.oneof(
      fc.subarray(characters, { maxLength: 20 }).map((chars) => chars.join('')),
      fc.array(fc.constantFrom(...characters), { maxLength: 20 }).map((chars) => chars.join('')),
      classes.map((names) =>
        characters.filter((char) => names.some((name) => CLASSES[name].test(char))).join(''),
      ),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), exclude, classes, (length, excluded, required) => {
        let password: string;
        try {
          password = passwordSource({ length, exclude: excluded, require: required })();
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_PASSWORD_POLICY' });
          return;
        }
        expect(password).toHaveLength(length);
        expect([...password].filter((char) => excluded.includes(char))).toEqual([]);
        for (const name of required) expect(password).toMatch(CLASSES[name]);
      }),
      { numRuns: 500 },
    );
  });
});

test.each<[string, PasswordPolicy, string]>([
  ['a length of 0', { length: 0 }, 'length'],
  ['a length that is not whole', { length: 8.5 }, 'length'],
  ['a length that is not a number', { length: Number.NaN }, 'length'],
  ['a length of 4,097', { length: 4097 }, 'length'],
  [
    'no characters left',
    { exclude: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~', require: [] },
    'all characters',
  ],
  ['a required class that is excluded', { exclude: '0123456789', require: ['digit'] }, 'digit'],
  [
    'more classes than characters',
    { length: 3, require: ['lower', 'upper', 'digit', 'symbol'] },
    '4 required',
  ],
  ['no room for the letter that comes first', { length: 2, require: ['digit', 'symbol'] }, '3 required'],
])('a policy with %s is refused when the source is made', (_, policy, problem) => {
  expect(() => passwordSource(policy)).toThrow(
    expect.objectContaining({
      code: 'ERR_PASSWORD_POLICY',
      message: expect.stringContaining(problem),
      hint: expect.any(String),
    }),
  );
});

describe("the variables of AWS's functions", () => {
  const from = (env: Record<string, string>) => passwordSource(passwordPolicyFrom(env));

  test.each<[Record<string, string>, RegExp]>([
    [{}, /^[A-Za-z][A-Za-z0-9_.~-]{31}$/],
    [{ PASSWORD_LENGTH: '12' }, /^.{12}$/],
    [{ EXCLUDE_NUMBERS: 'true' }, /^[A-Za-z_.~-]{32}$/],
    [{ EXCLUDE_NUMBERS: 'Yes', EXCLUDE_PUNCTUATION: '1' }, /^[A-Za-z]{32}$/],
    [{ EXCLUDE_UPPERCASE: 'y' }, /^[a-z][a-z0-9_.~-]{31}$/],
    [{ EXCLUDE_LOWERCASE: 'TRUE' }, /^[A-Z][A-Z0-9_.~-]{31}$/],
    [{ EXCLUDE_LOWERCASE: 'true', EXCLUDE_UPPERCASE: 'true', EXCLUDE_PUNCTUATION: 'true' }, /^[0-9]{32}$/],
    [{ EXCLUDE_CHARACTERS: `:/@"'\\` }, /^[A-Za-z][A-Za-z0-9_.~-]{31}$/],
    [{ EXCLUDE_CHARACTERS: 'abcABC~~' }, /^[D-Zd-z][D-Zd-z0-9_.-]{31}$/],
    [{ EXCLUDE_NUMBERS: 'no' }, /[0-9]/],
    [
      { REQUIRE_EACH_INCLUDED_TYPE: 'true', PASSWORD_LENGTH: '4' },
      /(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])(?=.*[-_.~])/,
    ],
    [
      { REQUIRE_EACH_INCLUDED_TYPE: 'true', EXCLUDE_NUMBERS: 'true', PASSWORD_LENGTH: '3' },
      /(?=.*[a-z])(?=.*[A-Z])(?=.*[-_.~])/,
    ],
    [{ REQUIRE_EACH_INCLUDED_TYPE: 'false', PASSWORD_LENGTH: '1' }, /^[A-Za-z]$/],
  ])('%j are honoured', (env, pattern) => {
    const source = from(env);
    for (let n = 0; n < 100; n++) expect(source()).toMatch(pattern);
  });

  test.each(['', 'twelve', '-1', '1e3', '0'])('PASSWORD_LENGTH "%s" is refused', (PASSWORD_LENGTH) => {
    expect(() => from({ PASSWORD_LENGTH })).toThrow(expect.objectContaining({ code: 'ERR_PASSWORD_POLICY' }));
  });
});
