import type { Account } from './session.js';

/**
 * Quotes a name. In backticks nothing but a backtick means anything, in whatever sql_mode: in quotes a backslash may, and with
 * ANSI_QUOTES one kind of quotes is none.
 *
 * @throws Error for a name that no server has
 */
export function identifier(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is for them.
  if (/[\0-\x1f\x7f]|[\u{10000}-\u{10ffff}]/u.test(name))
    throw new Error('a name has characters that none has');
  return `\`${name.replaceAll('`', '``')}\``;
}

/** An account, as statements name it. */
export function accountName({ user, host }: Account): string {
  return `${identifier(user)}@${identifier(host)}`;
}

/** A string for expressions, in whatever sql_mode and character set. */
export function stringLiteral(text: string): string {
  return text === '' ? "_utf8mb4''" : `_utf8mb4 ${hexLiteral(text)}`;
}

/** Bytes: for MySQL's `AS`, which takes no expression. */
export function hexLiteral(text: string): string {
  return `0x${Buffer.from(text, 'utf8').toString('hex')}`;
}

/**
 * The one way to write a password down where a server takes a quoted string alone: `IDENTIFIED BY`. A session has pinned the
 * sql_mode in which it means the same password.
 */
export function quotedLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
