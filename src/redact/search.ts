import { TEXT, type View, viewsOf } from './decode.js';

/** No run of a secret of this many characters leaves the function. */
export const RUN = 8;
/** A shorter secret is redacted only where it is a whole word: else it would mask half of every message. */
export const SHORT = 4;

/** Levels of values. Of two equal values the higher level counts. */
export const KEPT = 1;
export const PROSE = 2;
export const UNKNOWN = 3;
export const SECRET = 4;

/** A level, and whether the value is redacted only where it is a whole word. */
export type Rank = number;

export function rankOf(level: number, isWord: boolean): Rank {
  return 2 * level - Number(isWord);
}

/** Returns a function that tells whether a text contains one of the secrets, as it is or encoded. */
export function carrierTest(secrets: readonly string[]): (text: string) => boolean {
  const inCapitals = secrets.flatMap(inHex).map((form) => form.toUpperCase());
  const forms = [...new Set([...secrets.flatMap(formsOf), ...inCapitals])];
  // With case, and without decoding bytes: the same text in another case, or the digits of a time, are not copies.
  return (text) =>
    viewsOf(text, undefined, TEXT).some((view) =>
      forms.some((form) => form.length <= view.text.length && contains(view.text, form)),
    );
}

function contains(text: string, form: string): boolean {
  return form.length >= SHORT ? text.includes(form) : !wordsIn(text, form).next().done;
}

/** Returns a value, its base64 at each of three offsets, and its hexadecimal. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const ofUrls = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([value, ...base64, ...ofUrls, ...inHex(value)])].filter((form) => form !== '');
}

/** Also with blanks: a text may quote three bytes of a dump, which are eight characters. */
function inHex(value: string): readonly string[] {
  const hex = Buffer.from(value).toString('hex');
  return [hex, hex.replace(/..(?=.)/g, '$& ')];
}

/** Returns the base64 characters that bytes always have after so many other bytes (mod 3). */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const complete = (offset + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(offset === 0 ? 0 : offset + 1, complete);
}

/** Returns a text in lower case, with the same length and the same result for every case of its letters. */
export function folded(text: string): string {
  // One letter gets longer in lower case, and another changes at the end of a word.
  return text.replaceAll('İ', 'I').replace(/[Σς]/g, 'σ').toLowerCase();
}

/**
 * Finds all runs of the forms of values in the views of a text, and short forms as a whole. Its cost grows with the sum of
 * text and values, not with the product: a secret may have 64 KiB, and as many fields as fit.
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
  // Some runs only share a hash with the text, so look for the runs themselves.
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

/** Returns the runs of forms whose mark is set, folded and as written, and sets the mark to 2. */
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

/** Returns whether a run has letters of one case, as in a driver that prints upper case; hexadecimal may mix cases. */
function isOfOneCase(run: string): boolean {
  return !/[a-z]/.test(run) || !/[A-Z]/.test(run) || /^[0-9a-f ]+$/i.test(run);
}

function sizeOf({ length }: string): number {
  return Math.min(length, RUN);
}

const MARKS = 2 ** 20;
const BASE = 0x01000193;
// A constant, because Jest makes globals slow.
const { imul } = Math;

/** Passes a rolling hash of each window of a text: most windows need no further look. */
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

/** Yields the places where a text contains whole words. */
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
