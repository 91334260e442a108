import type { Account } from './session.js';

/**
 * Quotes a name in backticks. In backticks only a backtick is special, whatever the sql_mode. In quotes a backslash may be
 * special, and ANSI_QUOTES changes the meaning of double quotes.
 *
 * @throws Error if the name has characters that no server allows
 */
export function identifier(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is for them.
  if (/[\0-\x1f\x7f]|[\u{10000}-\u{10ffff}]/u.test(name))
    throw new Error('a name has characters that no server allows');
  return `\`${name.replaceAll('`', '``')}\``;
}

/** Returns an account in SQL notation: the quoted user, `@` and the quoted host. */
export function accountName({ user, host }: Account): string {
  return `${identifier(user)}@${identifier(host)}`;
}

/** Returns a string literal for expressions, safe in every sql_mode and character set. */
export function stringLiteral(text: string): string {
  return text === '' ? "_utf8mb4''" : `_utf8mb4 ${hexLiteral(text)}`;
}

/** Returns a hexadecimal literal, for MySQL's `AS`, which takes no expression. */
export function hexLiteral(text: string): string {
  return `0x${Buffer.from(text, 'utf8').toString('hex')}`;
}

/**
 * Returns a quoted string, for `IDENTIFIED BY`, which takes nothing else. The session has set the sql_mode in which it means
 * the same password.
 */
export function quotedLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
