/** So many characters of a secret, one after the other, are a leak. */
const RUN = 8;

/** Hexadecimal digits may meet by chance in two identifiers, and letters in two sentences: of these it takes twice as many. */
const BY_CHANCE = /^(?:[0-9a-f-]{8}|[a-z ]{8})$/i;

/** One way to write a secret, in pieces: the encoding of each of its characters, or a digit of all. */
interface Form {
  readonly name: string;
  readonly text: string;
  /** Where each piece begins, and where the last one ends; absent if each is one character. */
  readonly starts?: readonly number[];
}

/** So many findings say what there is to say. */
const ENOUGH = 1000;

export interface Finding {
  readonly form: string;
  /** The part of the secret, as it was found. */
  readonly run: string;
  readonly text: string;
}

/**
 * Looks for parts of secrets in texts: any eight characters of one, plain, in JSON, in a URL, in base64 and in
 * hexadecimal. Shares no code with what takes them out.
 */
export function findLeaks(secrets: Iterable<string>, texts: ReadonlySet<string>): readonly Finding[] {
  const forms = [...secrets].filter(({ length }) => length >= RUN).flatMap(formsOf);
  if (forms.length === 0 || texts.size === 0) return [];
  const met = windowsInBoth(
    forms.map(({ text }) => text),
    [...texts],
  );
  if (met.size === 0) return [];
  const findings: Finding[] = [];
  for (const form of forms) {
    for (const [from, to] of runsOf(form)) {
      const key = form.text.slice(from, from + RUN);
      if (!met.has(key)) continue;
      const run = BY_CHANCE.test(key) ? around(form.text, from) : form.text.slice(from, to);
      for (const text of texts) if (text.includes(run)) findings.push({ form: form.name, run, text });
      if (findings.length >= ENOUGH) return findings;
    }
  }
  return findings;
}

/** The windows of eight characters that both sides have. The smaller one is indexed: either may have megabytes. */
function windowsInBoth(one: readonly string[], other: readonly string[]): ReadonlySet<string> {
  const sizeOf = (texts: readonly string[]) => texts.reduce((sum, { length }) => sum + length, 0);
  const [small, large] = sizeOf(one) < sizeOf(other) ? [one, other] : [other, one];
  const index = new Set<string>();
  const marks = new Uint8Array(MARKS);
  eachWindow(small, (mark, text, at) => {
    marks[mark] = 1;
    index.add(text.slice(at, at + RUN));
  });
  const met = new Set<string>();
  eachWindow(large, (mark, text, at) => {
    if (marks[mark] === 0) return;
    const window = text.slice(at, at + RUN);
    if (index.has(window)) met.add(window);
  });
  return met;
}

const MARKS = 2 ** 18;
const BASE = 0x01000193;
// Not looked up for each character: what is global is slow in Jest.
const { imul } = Math;
/** What the first character of a window has grown to when it leaves. */
const LEAVING = Array.from({ length: RUN }).reduce<number>((power) => imul(power, BASE), 1);

/** Passes each window with a rolling hash of it: most need no look at the text again. */
function eachWindow(texts: readonly string[], pass: (mark: number, text: string, at: number) => void): void {
  for (const text of texts) {
    let hash = 0;
    for (let end = 0; end < text.length; end++) {
      hash = (imul(hash, BASE) + text.charCodeAt(end)) | 0;
      if (end >= RUN) hash = (hash - imul(LEAVING, text.charCodeAt(end - RUN))) | 0;
      if (end >= RUN - 1) pass((hash ^ (hash >>> 15)) & (MARKS - 1), text, end - RUN + 1);
    }
  }
}

/** Where the runs of a form begin and end. An escaped character is one, however it is written. */
function* runsOf({ text, starts }: Form): Generator<readonly [from: number, to: number], void> {
  const count = starts ? starts.length - 1 : text.length;
  const startOf = (piece: number) => starts?.[piece] ?? piece;
  for (let piece = 0; piece + RUN <= count; piece++) {
    const [from, to] = [startOf(piece), startOf(piece + RUN)];
    // Nothing in it is escaped: it is one of the plain form's.
    if (starts && to - from === RUN) continue;
    yield [from, to];
  }
}

/** Sixteen characters about a place, as far as a text has them. */
function around(text: string, place: number): string {
  const from = Math.max(0, Math.min(place, text.length - 2 * RUN));
  return text.slice(from, from + 2 * RUN);
}

function formsOf(secret: string): readonly Form[] {
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
