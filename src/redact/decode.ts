/** A decoded text, with the place of each of its characters in the original. */
export interface View {
  readonly text: string;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** An encoding of characters, and how to decode it. */
interface Encoding {
  readonly pattern: RegExp;
  readonly decode: (escaped: string) => string;
}

/** Pattern of one UTF-8 character, each byte behind a prefix; or of one byte, as in Latin-1. */
function bytesBehind(prefix: string): string {
  const byte = (digits: string) => prefix + digits;
  const tail = byte('[89ab][0-9a-f]');
  return [
    byte('[cd][0-9a-f]') + tail,
    `${byte('e[0-9a-f]')}(?:${tail}){2}`,
    `${byte('f[0-7]')}(?:${tail}){3}`,
    byte('[0-9a-f]{2}'),
  ].join('|');
}

function fromBytes(escaped: string): string {
  const bytes = Buffer.from(escaped.replace(/[%=]|\\x/gi, ''), 'hex');
  return bytes.toString(bytes.length === 1 ? 'latin1' : 'utf8');
}

const NAMES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const LETTERS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Returns the character with a code; if the code is too large, the escape itself. */
function fromCode(digits: string, radix: number, escaped: string): string {
  const code = Number.parseInt(digits, radix);
  return code < 0x110000 ? String.fromCodePoint(code) : escaped;
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');

const URL_BYTES = `%u[0-9a-f]{4}|${bytesBehind('%')}`;
const fromUrl = (escaped: string): string =>
  escaped[1] === 'u' || escaped[1] === 'U' ? fromCode(escaped.slice(2), 16, escaped) : fromBytes(escaped);

/** Encodings of text: URLs, forms, JSON and code, SQL and shells, HTML, mail. */
export const TEXT: readonly Encoding[] = [
  { pattern: new RegExp(URL_BYTES, 'gi'), decode: fromUrl },
  {
    pattern: new RegExp(`${URL_BYTES}|\\+`, 'gi'),
    decode: (escaped) => (escaped === '+' ? ' ' : fromUrl(escaped)),
  },
  {
    pattern: new RegExp(
      `\\\\(?:u[0-9a-f]{4}|[ux]\\{[0-9a-f]{1,8}\\}|[bfnrt]|[^a-z0-9])|${bytesBehind('\\\\x')}`,
      'gi',
    ),
    decode(escaped) {
      const letter = escaped.charAt(1);
      if (escaped.length === 2) return LETTERS[letter] ?? letter;
      if (!/^\\(?:u|x\{)/i.test(escaped)) return fromBytes(escaped);
      return fromCode(escaped.slice(2).replace(/[{}]/g, ''), 16, escaped);
    },
  },
  // Decodes to `\x41`, which the entry above reads: one character may be several octal escapes.
  { pattern: /\\[0-3][0-7]{2}/g, decode: (escaped) => `\\x${hexOf(Number.parseInt(escaped.slice(1), 8))}` },
  { pattern: /'(?:\\'|"'")?'/g, decode: () => "'" },
  { pattern: /""/g, decode: () => '"' },
  {
    pattern: /&(?:#(x[0-9a-f]{1,8}|\d{1,10})|amp|lt|gt|quot|apos);?/gi,
    decode(escaped) {
      const name = escaped.replace(/[&#;]/g, '').toLowerCase();
      const isHex = name.startsWith('x');
      return NAMES[name] ?? fromCode(isHex ? name.slice(1) : name, isHex ? 16 : 10, escaped);
    },
  },
  { pattern: new RegExp(`=\r?\n|${bytesBehind('=')}`, 'gi'), decode: fromBytes },
];

/** Encodings of bytes, decoded to plain hexadecimal digits: dumps, `41:42`, `0x41, 0x42`, and decimal numbers. */
const BYTES: readonly Encoding[] = [
  {
    pattern: /(?<=[0-9a-f]{2})(?:[^0-9a-z]{1,12}(?:0?x)?|0x)(?=[0-9a-f]{2})/gi,
    decode: () => '',
  },
  {
    // In the JSON of a Uint8Array each byte has a key.
    pattern: /(?:\\{0,3}"\d{1,5}\\{0,3}":\s{0,9})?\b\d{1,3}\b(?:[\s,;]+(?=\\{0,3}"?\d))?/g,
    decode(escaped) {
      const byte = Number.parseInt(/\d+(?=[\s,;]*$)/.exec(escaped)?.[0] ?? '', 10);
      return byte < 256 ? hexOf(byte) : escaped;
    },
  },
];

/**
 * Returns a text as it is, and decoded once or twice: JSON in a URL, or JSON within JSON. A value can be escaped in many ways
 * (which characters, which case), but read in only one.
 *
 * @param check throws when the time is up
 */
export function viewsOf(
  text: string,
  check = () => {},
  encodings: readonly Encoding[] = [...TEXT, ...BYTES],
): readonly View[] {
  const starts = new Uint32Array(text.length).map((_, at) => at);
  const views: View[] = [{ text, starts, ends: starts.map((at) => at + 1) }];
  const known = new Set([text]);
  let done = 0;
  for (let round = 0; round < 2; round++) {
    const fresh = views.slice(done);
    done = views.length;
    for (const view of fresh) {
      for (const encoding of encodings) {
        check();
        const next = decoded(view, encoding);
        if (known.has(next.text)) continue;
        known.add(next.text);
        views.push(next);
      }
    }
  }
  return views;
}

function decoded(view: View, { pattern, decode }: Encoding): View {
  if (view.text.search(pattern) < 0) return view;
  let text = '';
  let done = 0;
  // A byte may be one digit in decimal and is two in hexadecimal.
  const starts = new Uint32Array(2 * view.text.length);
  const ends = starts.slice();
  const copy = (from: number, to: number) => {
    starts.set(view.starts.subarray(from, to), text.length);
    ends.set(view.ends.subarray(from, to), text.length);
    text += view.text.slice(from, to);
  };
  for (const { 0: escaped, index } of view.text.matchAll(pattern)) {
    copy(done, index);
    done = index + escaped.length;
    const from = text.length;
    text += decode(escaped);
    // Each decoded character stands for the whole escape: masking one masks all of it.
    starts.fill(view.starts[index] ?? 0, from, text.length);
    ends.fill(view.ends[done - 1] ?? 0, from, text.length);
  }
  copy(done, view.text.length);
  return { text, starts, ends };
}
