import { type Form, formsOf } from './secret-forms.js';

/** So many characters of a secret, one after the other, are a leak. */
const RUN = 8;

/** Hexadecimal digits may meet by chance in two identifiers, and letters in two sentences: of these it takes twice as many. */
const BY_CHANCE = /^(?:[0-9a-f-]{8}|[a-z ]{8})$/i;

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
