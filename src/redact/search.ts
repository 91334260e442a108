import { viewsOf } from './decode.js';

/** No run of a secret that is this long leaves the function. */
const RUN = 8;
/** A shorter secret is taken out whole; one this short only where it stands alone, or it would eat every message. */
export const SHORT = 4;

/** Makes what tells whether a text contains one of the secret values, as it is or encoded. */
export function carrierTest(secrets: readonly string[]): (text: string) => boolean {
  const forms = [...new Set(secrets.flatMap(formsOf))];
  return (text) =>
    viewsOf(text).some((view) =>
      forms.some((form) => form.length <= view.text.length && !occurrences(view.text, form).next().done),
    );
}

/** A value, and what it looks like in base64, which has three phases, and in hexadecimal. */
export function formsOf(value: string): readonly string[] {
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const hex = bytes.toString('hex');
  const spaced = hex.replace(/..(?=.)/g, '$& ');
  return [
    ...new Set([
      value,
      ...base64,
      ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
      ...[hex, spaced, hex.toUpperCase(), spaced.toUpperCase()],
    ]),
  ].filter((form) => form !== '');
}

/** The base64 characters that bytes always give, when so many other bytes (mod 3) stand before them. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const complete = (offset + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(offset === 0 ? 0 : offset + 1, complete);
}

/** Where each run of a text stands in it. */
export function indexRuns(text: string): Map<string, readonly number[]> {
  const index = new Map<string, number[]>();
  for (let at = 0; at + RUN <= text.length; at++) {
    const run = text.slice(at, at + RUN);
    const places = index.get(run);
    if (places) places.push(at);
    else index.set(run, [at]);
  }
  return index;
}

/** The ranges of a text that are runs of a secret, or a whole short one. What is found leaves the index. */
export function* findAll(
  text: string,
  index: Map<string, readonly number[]>,
  form: string,
): Generator<readonly [from: number, to: number]> {
  if (form.length < RUN) {
    for (const at of occurrences(text, form)) yield [at, at + form.length];
    return;
  }
  for (let start = 0; start + RUN <= form.length; start++) {
    const run = form.slice(start, start + RUN);
    for (const at of index.get(run) ?? []) yield [at, at + RUN];
    // Once each: a long value that repeats itself, in a text that quotes it, would take hours.
    index.delete(run);
  }
}

/** Where a value stands in a text; a very short one only where it stands alone. */
export function* occurrences(text: string, value: string): Generator<number, void> {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (value.length >= SHORT || standsAlone(text, at, at + value.length)) yield at;
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return !/[A-Za-z0-9]/.test(text.charAt(from - 1)) && !/[A-Za-z0-9]/.test(text.charAt(to));
}
