import { TEXT, type View, viewsOf } from './decode.js';

/** No run of a secret that is this long leaves the function. */
export const RUN = 8;
/** A secret this short is taken out only where it stands alone, or it would eat every message. */
export const SHORT = 4;

/** How firmly a value is taken out of a text. Of two that look the same, the larger level counts. */
export const KEPT = 1;
export const PROSE = 2;
export const UNKNOWN = 3;
export const SECRET = 4;

/** A level, and whether the value is taken out only where it is a whole word. */
export type Rank = number;

export function rankOf(level: number, isWord: boolean): Rank {
  return 2 * level - Number(isWord);
}

/** Makes what tells whether a text contains one of the secret values, as it is or encoded. */
export function carrierTest(secrets: readonly string[]): (text: string) => boolean {
  const inCapitals = secrets.flatMap(inHex).map((form) => form.toUpperCase());
  const forms = [...new Set([...secrets.flatMap(formsOf), ...inCapitals])];
  // As they are written: what only looks alike in capitals, or as digits of a time, is no copy.
  return (text) =>
    viewsOf(text, undefined, TEXT).some((view) =>
      forms.some((form) => form.length <= view.text.length && contains(view.text, form)),
    );
}

function contains(text: string, form: string): boolean {
  return form.length >= SHORT ? text.includes(form) : !wordsIn(text, form).next().done;
}

/** A value, and what it looks like in base64, which has three phases, and in hexadecimal. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const ofUrls = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([value, ...base64, ...ofUrls, ...inHex(value)])].filter((form) => form !== '');
}

/** Two, since of a dump a text may quote three bytes: eight characters. */
function inHex(value: string): readonly string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.replace(/..(?=.)/g, '$& ')];
}

/** The base64 characters that bytes always give, when so many other bytes (mod 3) stand before them. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const complete = (offset + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(offset === 0 ? 0 : offset + 1, complete);
}

/** The same for all ways to write letters in capitals, and as long as it was. */
export function folded(text: string): string {
  // The one letter that grows when it is made small, and the one that turns into another at the end of a word.
  return text.replaceAll('İ', 'I').replace(/[Σς]/g, 'σ').toLowerCase();
}

/**
 * Finds in views of a text all runs of the forms of values, and all short ones as a whole. What it costs grows with the
 * text and with the values, not with both together: a secret may have 64 KiB, and as many fields as fit in.
 *
 * @param check throws when the time is up
 */
export function findAll(
  views: readonly View[],
  forms: ReadonlyMap<string, Rank>,
  check: () => void,
  found: (view: View, from: number, to: number, level: number) => void,
): void {
  const texts = views.map((view) => ({ view, text: folded(view.text) }));
  const sizes = [...new Set([...forms.keys()].map(sizeOf))];
  const marks = new Uint8Array(MARKS);
  for (const { text } of texts) {
    check();
    for (const size of sizes) {
      eachWindow(text, size, (mark) => {
        marks[mark] = 1;
      });
    }
  }
  // Few of them are in the text, and some that are not: it is the text that is looked through in the end.
  const { ranks, written } = runsOf(forms, marks, check);
  if (ranks.size === 0) return;
  for (const { view, text } of texts) {
    check();
    for (const size of sizes) {
      eachWindow(text, size, (mark, at) => {
        const rank = marks[mark] === 2 ? ranks.get(text.slice(at, at + size)) : undefined;
        if (rank === undefined) return;
        const run = view.text.slice(at, at + size);
        if (!written.has(run) && !isOfOneCase(run)) return;
        const isWord = rank % 2 === 1;
        if (!isWord || standsAlone(text, at, at + size)) found(view, at, at + size, Math.ceil(rank / 2));
      });
    }
  }
}

/** The runs of forms that have a mark, which they make a 2: folded, and as they are written. */
function runsOf(forms: ReadonlyMap<string, Rank>, marks: Uint8Array, check: () => void) {
  const ranks = new Map<string, Rank>();
  const written = new Set<string>();
  for (const [form, rank] of forms) {
    check();
    const size = sizeOf(form);
    const text = folded(form);
    eachWindow(text, size, (mark, at) => {
      if (marks[mark] === 0) return;
      marks[mark] = 2;
      written.add(form.slice(at, at + size));
      const run = text.slice(at, at + size);
      if ((ranks.get(run) ?? 0) < rank) ranks.set(run, rank);
    });
  }
  return { ranks, written };
}

/** As a driver writes a value that writes all in capitals, say; digits in hexadecimal mean the same in any case. */
function isOfOneCase(run: string): boolean {
  return !/[a-z]/.test(run) || !/[A-Z]/.test(run) || /^[0-9a-f ]+$/i.test(run);
}

function sizeOf({ length }: string): number {
  return Math.min(length, RUN);
}

const MARKS = 2 ** 20;
const BASE = 0x01000193;
// Not looked up for each character: what is global is slow in Jest.
const { imul } = Math;

/** Passes each window of a text, with a rolling hash of it: most need no look at the text again. */
function eachWindow(text: string, size: number, pass: (mark: number, at: number) => void): void {
  let leaving = 1;
  for (let n = 0; n < size; n++) leaving = imul(leaving, BASE);
  let hash = 0;
  for (let end = 0; end < text.length; end++) {
    hash = (imul(hash, BASE) + text.charCodeAt(end)) | 0;
    const at = end - size + 1;
    if (at > 0) hash = (hash - imul(leaving, text.charCodeAt(at - 1))) | 0;
    if (at >= 0) pass((hash ^ (hash >>> 15)) & (MARKS - 1), at);
  }
}

/** Where a text stands as a whole word, or as several. */
export function* wordsIn(text: string, word: string): Generator<number, void> {
  if (word === '') return;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (standsAlone(text, at, at + word.length)) yield at;
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return !WORDLY.test(text.charAt(from - 1)) && !WORDLY.test(text.charAt(to));
}

const WORDLY = /[\p{L}\p{N}]/u;
