import { LEFT_TO_RIGHT, PROHIBITED, RIGHT_TO_LEFT } from './saslprep-tables.js';

/**
 * Returns the text that PostgreSQL and libpq hash for a password: its SASLprep (RFC 4013), or the password itself if SASLprep
 * prohibits it. Like them, it checks for prohibited characters before it normalises.
 */
export function saslprep(password: string): string {
  if (/^[\0-\x7f]*$/.test(password)) return password;
  const mapped = password.replace(SPACES, ' ').replace(MAPPED_TO_NOTHING, '');
  return isProhibited([...mapped]) ? password : mapped.normalize('NFKC');
}

/** RFC 3454, tables C.1.2 and B.1. */
const SPACES = /[\u00A0\u1680\u2000-\u200B\u202F\u205F\u3000]/g;
const MAPPED_TO_NOTHING = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|\u200C|\u200D|\u2060|[\uFE00-\uFE0F]|\uFEFF/g;

function isProhibited(characters: readonly string[]): boolean {
  if (characters.length === 0) return true;
  const isIn = (table: string) => (character: string | undefined) => contains(table, character);
  if (characters.some(isIn(PROHIBITED))) return true;
  const isRightToLeft = isIn(RIGHT_TO_LEFT);
  if (!characters.some(isRightToLeft)) return false;
  const isInOneDirection = isRightToLeft(characters[0]) && isRightToLeft(characters.at(-1));
  return !isInOneDirection || characters.some(isIn(LEFT_TO_RIGHT));
}

function contains(table: string, character = ''): boolean {
  const code = character.codePointAt(0) ?? 0;
  let [place, isInside] = [0, false];
  for (const step of table.split(' ')) {
    place += Number.parseInt(step, 36);
    if (code < place) return isInside;
    isInside = !isInside;
  }
  return isInside;
}
