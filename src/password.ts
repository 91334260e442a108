import { generate } from 'generate-password';
import { RotationError } from './errors.js';

/** Kind of character in a password. */
export type CharacterClass = 'lower' | 'upper' | 'digit' | 'symbol';

/** Requirements for a password of {@link passwordSource}. */
export interface PasswordPolicy {
  /** Length in characters, 1 to 4096. @default 32 */
  readonly length?: number | undefined;
  /** Characters that must not occur. @default none */
  readonly exclude?: string | undefined;
  /**
   * Classes that must each occur at least once.
   *
   * @default lower, upper and digit, except classes that `exclude` empties
   */
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
 * Returns a function that makes random passwords of A-Z, a-z, 0-9 and `-_.~`. The first character is a letter, unless the
 * policy excludes all letters.
 *
 * @throws {@link RotationError} `ERR_PASSWORD_POLICY`, before it makes any password, if none can meet the policy
 *
 * @example
 * ```ts
 * const newPassword = passwordSource({ length: 24, exclude: '~' });
 *
 * const createSecret = () => ({ password: newPassword() });
 * ```
 */
export function passwordSource({ length = 32, exclude = '', require }: PasswordPolicy = {}): () => string {
  const left = (name: CharacterClass) => [...CLASSES[name]].filter((char) => !exclude.includes(char));
  const required = require ?? NAMES.filter((name) => name !== 'symbol' && left(name).length > 0);
  const emptied = required.find((name) => left(name).length === 0);
  if (!Number.isInteger(length) || length < 1 || length > 4096) {
    throw impossible(`length must be a whole number from 1 to 4096`);
  }
  if (emptied) throw impossible(`it requires a character of the class ${emptied} and excludes all of them`);
  if (NAMES.every((name) => left(name).length === 0)) throw impossible('it excludes all characters');
  const hasLetters = left('lower').length + left('upper').length > 0;
  const needed = new Set(required);
  const places = needed.size + (hasLetters && !needed.has('lower') && !needed.has('upper') ? 1 : 0);
  if (places > length) throw impossible(`length ${length} is too short for ${places} required characters`);

  const conforms = (password: string): boolean =>
    password.length === length &&
    [...password].every((char) => NAMES.some((name) => left(name).includes(char))) &&
    [...needed].every((name) => left(name).some((char) => password.includes(char))) &&
    (!hasLetters || /^[A-Za-z]/.test(password));

  return () => {
    // Discards passwords that do not conform, so that all others stay equally likely.
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      // A new literal, without `strict`: the library changes its options, and recurses for ever with some of them.
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
    throw impossible(
      `none of ${MAX_DRAWS} random passwords met it; make it longer, or require fewer classes`,
    );
  };
}

/** Far more than the strictest policy needs: four characters, one of each class. */
const MAX_DRAWS = 100_000;

/**
 * Returns the policy that the environment variables of AWS's rotation functions set: PASSWORD_LENGTH, EXCLUDE_CHARACTERS,
 * EXCLUDE_NUMBERS, EXCLUDE_PUNCTUATION, EXCLUDE_UPPERCASE, EXCLUDE_LOWERCASE and REQUIRE_EACH_INCLUDED_TYPE. The last five
 * are true for `true`, `1`, `y` and `yes`. No variable adds a character to the default set.
 *
 * @param env usually `process.env`
 * @throws {@link RotationError} `ERR_PASSWORD_POLICY` if PASSWORD_LENGTH is not a number
 *
 * @example
 * ```ts
 * const newPassword = passwordSource(passwordPolicyFrom(process.env));
 * ```
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
    hint: 'correct the policy, or PASSWORD_LENGTH, EXCLUDE_* and REQUIRE_EACH_INCLUDED_TYPE in the environment',
  });
}
