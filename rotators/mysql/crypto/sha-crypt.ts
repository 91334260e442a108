import { hash } from 'node:crypto';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** The order in which SHA-256-crypt writes the bytes of its digest. The last two follow separately. */
const TRIPLES = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
] as const;

/**
 * Returns the SHA-256-crypt (`$5$` of crypt(3)) of a password: the 43 characters after the salt. Node has no crypt(3), and
 * crypt(3) truncates salts to 16 bytes; MySQL's have 20.
 */
export function shaCrypt(password: Buffer, salt: Buffer, rounds: number): string {
  const inner = digest(password, salt, password);
  const bits = password.length === 0 ? '' : [...password.length.toString(2)].reverse();
  const perBit = [...bits].map((bit) => (bit === '1' ? inner : password));
  let last = digest(password, salt, filled(inner, password.length), ...perBit);
  const p = filled(digest(...Array<Buffer>(password.length).fill(password)), password.length);
  const s = filled(digest(...Array<Buffer>(16 + (last[0] ?? 0)).fill(salt)), salt.length);
  for (let round = 0; round < rounds; round++) {
    const isOdd = round % 2 === 1;
    const parts = [isOdd ? p : last];
    if (round % 3) parts.push(s);
    if (round % 7) parts.push(p);
    parts.push(isOdd ? last : p);
    last = digest(...parts);
  }
  return encoded(last);
}

/** Maps each byte to a character of the alphabet. */
export function fromAlphabet(bytes: Buffer): string {
  return Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

function digest(...parts: readonly Buffer[]): Buffer {
  return hash('sha256', Buffer.concat(parts), 'buffer');
}

/** Repeats the digest up to a length. */
function filled(bytes: Buffer, length: number): Buffer {
  return Buffer.alloc(length, bytes);
}

function encoded(bytes: Buffer): string {
  const at = (index: number): number => bytes[index] ?? 0;
  const triples = TRIPLES.map(([a, b, c]) => characters((at(a) << 16) | (at(b) << 8) | at(c), 4));
  return `${triples.join('')}${characters((at(31) << 8) | at(30), 3)}`;
}

/** The lowest six bits first. */
function characters(word: number, count: number): string {
  return Array.from({ length: count }, (_, index) => ALPHABET[(word >> (6 * index)) & 63]).join('');
}
