/** One way to write a secret, in pieces: the encoding of each of its characters, or a digit of all. */
export interface Form {
  readonly name: string;
  readonly text: string;
  /** Where each piece begins, and where the last one ends; absent if each is one character. */
  readonly starts?: readonly number[];
}

/** The ways in which a secret may be written. */
export function formsOf(secret: string): readonly Form[] {
  const bytes = Buffer.from(secret);
  // Half a character has no URL, and leaves as no text.
  const characters = Array.from(bytes.toString());
  const escapes = NEVER_ESCAPED.test(secret) ? [] : Object.entries(ESCAPES);
  const escaped = escapes.map(([name, encode]) => inPieces(name, characters.map(remembering(encode))));
  const digits = Object.entries({
    base64: base64In(bytes, 0),
    'base64, second phase': base64In(bytes, 1),
    'base64, third phase': base64In(bytes, 2),
    hex: bytes.toString('hex'),
    'hex in capitals': bytes.toString('hex').toUpperCase(),
    'a dump': bytes.toString('hex').replace(/..(?=.)/g, '$& '),
  }).map(([name, text]) => ({ name, text }));
  const urlSafe = digits.slice(0, 3).map(({ name, text }) => ({
    name: name.replace('base64', 'base64url'),
    text: text.replaceAll('+', '-').replaceAll('/', '_'),
  }));
  const known = new Set<string>();
  return [{ name: 'plain', text: secret }, ...escaped, ...digits, ...urlSafe].filter(
    ({ text }) => !known.has(text) && known.add(text),
  );
}

const NEVER_ESCAPED = /^[\w.~-]*$/;

/** Does not do for a character again what has been done. */
function remembering(encode: (character: string) => string): (character: string) => string {
  const known = new Map<string, string>();
  return (character) => {
    const encoded = known.get(character) ?? encode(character);
    known.set(character, encoded);
    return encoded;
  };
}

function inPieces(name: string, pieces: readonly string[]): Form {
  const starts = [0];
  for (const piece of pieces) starts.push((starts.at(-1) ?? 0) + piece.length);
  return { name, text: pieces.join(''), starts };
}

const inJson = (character: string): string => JSON.stringify(character).slice(1, -1);
const inUrl = (character: string): string => encodeURIComponent(character);

const ESCAPES: Readonly<Record<string, (character: string) => string>> = {
  JSON: inJson,
  'JSON in JSON': (character) => Array.from(inJson(character)).map(inJson).join(''),
  'JSON in ASCII': (character) =>
    inJson(character).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  URL: inUrl,
  'URL in lower case': (character) => inUrl(character).replace(/%../g, (byte) => byte.toLowerCase()),
  'URL of a form': (character) => (character === ' ' ? '+' : inUrl(character)),
};

/** The digits that depend on these bytes alone, when so many others, modulo three, stand before them. */
function base64In(bytes: Buffer, before: 0 | 1 | 2): string {
  const digits = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const bits = (before + bytes.length) * 8;
  return digits.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
}
