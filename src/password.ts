import { generate } from 'generate-password';
import { RotationError } from './errors.js';

/** The kinds of character that a password is made of. */
export type CharacterClass = 'lower' | 'upper' | 'digit' | 'symbol';

export interface PasswordPolicy {
  /** Characters, 1 to 4096. @default 32 */
  readonly length?: number | undefined;
  /** Characters that must not occur. */
  readonly exclude?: string | undefined;
  /** Classes of which at least one character must occur. @default lower, upper and digit, as far as not excluded */
  readonly require?: readonly CharacterClass[] | undefined;
}

/** None of these needs quoting in a URL, a shell or a connection string. */
const CLASSES: Readonly<Record<CharacterClass, string>> = {
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digit: '0123456789',
  symbol: '-_.~',
};
const NAMES = ['lower', 'upper', 'digit', 'symbol'] as const;

/**
 * Makes a source of random passwords: A-Z, a-z, 0-9 and `-_.~`, the first character a letter if letters are allowed.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY`, at once, if no password could meet the policy
 */
export function passwordSource({ length = 32, exclude = '', require }: PasswordPolicy = {}): () => string {
  const left = (name: CharacterClass) => [...CLASSES[name]].filter((char) => !exclude.includes(char));
  const required = require ?? NAMES.filter((name) => name !== 'symbol' && left(name).length > 0);
  const emptied = required.find((name) => left(name).length === 0);
  if (!Number.isInteger(length) || length < 1 || length > 4096) {
    throw impossible(`the length must be a whole number from 1 to 4096`);
  }
  if (emptied) throw impossible(`at least one ${emptied} is required, and all of them are excluded`);
  if (NAMES.every((name) => left(name).length === 0)) throw impossible('all characters are excluded');
  const hasLetters = left('lower').length + left('upper').length > 0;
  const needed = new Set(required);
  const places = needed.size + (hasLetters && !needed.has('lower') && !needed.has('upper') ? 1 : 0);
  if (places > length) throw impossible(`${length} characters cannot hold ${places} required ones`);

  const conforms = (password: string): boolean =>
    password.length === length &&
    [...password].every((char) => NAMES.some((name) => left(name).includes(char))) &&
    [...needed].every((name) => left(name).some((char) => password.includes(char))) &&
    (!hasLetters || /^[A-Za-z]/.test(password));

  return () => {
    // Drawn again until it conforms, which leaves all conforming passwords equally likely.
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      // A fresh literal without `strict`: the library writes into its options, and recurses for ever on some of them.
      const password = generate({
        length,
        lowercase: left('lower').length > 0,
        uppercase: left('upper').length > 0,
        numbers: left('digit').length > 0,
        symbols: left('symbol').join('') || false,
        exclude: [...new Set(exclude)].join(''),
      });
      if (conforms(password)) return password;
    }
    throw impossible(`none of ${MAX_DRAWS} random passwords met it: make it longer, or require less`);
  };
}

/** Far above what the tightest possible policy needs: one character of each class, four characters long. */
const MAX_DRAWS = 100_000;

/**
 * Reads the policy from the variables of AWS's rotation functions: EXCLUDE_CHARACTERS, PASSWORD_LENGTH,
 * EXCLUDE_NUMBERS, EXCLUDE_PUNCTUATION, EXCLUDE_UPPERCASE, EXCLUDE_LOWERCASE and REQUIRE_EACH_INCLUDED_TYPE, the
 * last five true for `true`, `1`, `y` and `yes`. All of them narrow the default; none adds a character to it.
 *
 * @throws RotationError `ERR_PASSWORD_POLICY` if PASSWORD_LENGTH is not a number
 */
export function passwordPolicyFrom(env: Readonly<Record<string, string | undefined>>): PasswordPolicy {
  const isTrue = (name: string): boolean => /^(true|1|y|yes)$/i.test(env[name]?.trim() ?? '');
  const excluded = (name: string, of: CharacterClass): string => (isTrue(name) ? CLASSES[of] : '');
  const exclude =
    (env.EXCLUDE_CHARACTERS ?? '') +
    excluded('EXCLUDE_NUMBERS', 'digit') +
    excluded('EXCLUDE_PUNCTUATION', 'symbol') +
    excluded('EXCLUDE_UPPERCASE', 'upper') +
    excluded('EXCLUDE_LOWERCASE', 'lower');
  const length = env.PASSWORD_LENGTH;
  if (length !== undefined && !/^\d+$/.test(length.trim()))
    throw impossible('PASSWORD_LENGTH is not a number');
  const included = NAMES.filter((name) => [...CLASSES[name]].some((char) => !exclude.includes(char)));
  const isDecided = env.REQUIRE_EACH_INCLUDED_TYPE !== undefined;
  return {
    ...(length !== undefined && { length: Number(length) }),
    exclude,
    ...(isDecided && { require: isTrue('REQUIRE_EACH_INCLUDED_TYPE') ? included : [] }),
  };
}

function impossible(problem: string): RotationError {
  return new RotationError('ERR_PASSWORD_POLICY', `no password can meet the policy: ${problem}`, {
    hint: 'change the policy, or the environment variables PASSWORD_LENGTH, EXCLUDE_* and REQUIRE_EACH_INCLUDED_TYPE',
  });
}
