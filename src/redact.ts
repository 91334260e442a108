import { isError, isRotationError, RotationError } from './errors.js';
import { type Json, stringsIn } from './secret-string.js';
import { type View, viewsOf } from './text-views.js';

/** No run of a secret that is this long leaves the function. */
const RUN = 8;
/** A shorter secret is taken out whole; one this short only where it stands alone, or it would eat every message. */
const SHORT = 4;
const MASK = '[redacted]';
/** Nobody reads on, and to look through a million characters takes longer than a function may run. */
const LONGEST = 16_384;
/** Room for a run in its longest form, so that none that begins before the end goes unseen. */
const MARGIN = 256;

/**
 * Collects the values that must not leave the function, and takes them out of texts and errors: any run of eight
 * characters, of the value itself and of its JSON, URL, base64 and hexadecimal forms.
 */
export class Redactor {
  readonly #secrets = new Set<string>();
  /** What is kept in a secret, and no credential for all we know. */
  readonly #kept = new Set<string>();
  readonly #shown: Set<string>;

  /** @param shown what messages name anyway: the ARN of the secret, the token */
  constructor(shown: readonly string[] = []) {
    this.#shown = new Set(shown);
  }

  hide(value: string): void {
    if (value !== '') this.#secrets.add(value);
  }

  /**
   * Hides every string of a secret's fields, except those that it shows. Of the fields that do not rotate, a part may
   * be seen where a shown text stands as a whole (the host, of which a URL has a copy).
   *
   * @param rotates all fields, if absent
   */
  hideFields(values: Json, shows: readonly string[], rotates: readonly string[] = Object.keys(values)): void {
    for (const [field, content] of Object.entries(values)) {
      const target = shows.includes(field)
        ? this.#shown
        : rotates.includes(field)
          ? this.#secrets
          : this.#kept;
      for (const value of stringsIn(content)) if (value !== '') target.add(value);
    }
  }

  text(text: string): string {
    return this.#redacted(text, text.length);
  }

  /** The beginning of a text, by what can be seen in all of it. */
  #redacted(text: string, end: number): string {
    const masked = this.#mask(text, this.#kept);
    for (const shown of this.#shown) {
      if (shown.length < SHORT) continue;
      for (const at of occurrences(text, shown)) masked.fill(0, at, at + shown.length);
    }
    const secret = this.#mask(text, this.#secrets);
    return replaceMasked(
      text.slice(0, end),
      masked.map((mark, at) => mark | (secret[at] ?? 0)),
    );
  }

  /** Marks the characters of a text that belong to one of the values. */
  #mask(text: string, values: ReadonlySet<string>): Uint8Array {
    const masked = new Uint8Array(text.length);
    for (const view of viewsOf(text)) {
      // The text is indexed, not the secrets: it is short, and a secret may have 64 KiB.
      const index = indexRuns(view.text);
      for (const value of values) {
        for (const form of formsOf(value)) {
          for (const [from, to] of findAll(view.text, index, form)) mask(masked, view, from, to);
        }
      }
    }
    return masked;
  }

  /** The same for what may be endless: an error that quotes an answer, say. */
  #beginning(text: string): string {
    if (text.length <= LONGEST) return this.text(text);
    return `${this.#redacted(text.slice(0, LONGEST + MARGIN), LONGEST)}… (${text.length} characters)`;
  }

  /**
   * Copies an error without the values. It is a copy because drivers hang whole queries and connection options on
   * theirs: only name, message, stack, code, hint and cause come through.
   */
  error(error: unknown): Error {
    try {
      return this.#copy(error, 0);
    } catch {
      return new Error('something was thrown that cannot be read');
    }
  }

  #copy(error: unknown, depth: number): Error {
    if (!isError(error)) {
      return new Error(
        typeof error === 'string' ? this.#beginning(error) : 'a value that is not an Error was thrown',
      );
    }
    const cause = depth < MAX_CAUSES ? this.#causeOf(error, depth) : undefined;
    const copy = isRotationError(error) ? this.#rotationCopy(error, cause) : this.#plainCopy(error, cause);
    if (typeof error.stack === 'string' && !quotesItsInput(error)) copy.stack = this.#beginning(error.stack);
    return copy;
  }

  #causeOf(error: Error & { readonly errors?: unknown }, depth: number): Error | undefined {
    if (error.cause !== undefined) return this.#copy(error.cause, depth + 1);
    // Node's connect() tries several addresses; the first failure stands for all.
    return Array.isArray(error.errors) ? this.#copy(error.errors[0], depth + 1) : undefined;
  }

  #rotationCopy({ code, message, hint }: RotationError, cause: Error | undefined): RotationError {
    return new RotationError(
      this.text(code) === code ? code : 'ERR_ROTATOR_FAILED',
      this.#beginning(message),
      {
        hint: hint === undefined ? undefined : this.#beginning(hint),
        cause,
      },
    );
  }

  #plainCopy(error: Error & { readonly code?: unknown }, cause: Error | undefined): Error {
    const message = quotesItsInput(error) ? 'a text could not be parsed' : this.#beginning(error.message);
    const code = typeof error.code === 'string' ? { code: this.text(error.code) } : {};
    return Object.assign(new Error(message, cause && { cause }), { name: this.text(error.name) }, code);
  }
}

const MAX_CAUSES = 4;

/** V8's SyntaxErrors hold what could not be parsed: an answer with a key in it, for instance. */
function quotesItsInput({ name }: Error): boolean {
  return name === 'SyntaxError';
}

/** Makes what tells whether a text contains one of the secret values, as it is or encoded. */
export function carrierTest(secrets: readonly string[]): (text: string) => boolean {
  const forms = [...new Set(secrets.flatMap(formsOf))];
  return (text) =>
    viewsOf(text).some((view) =>
      forms.some((form) => form.length <= view.text.length && !occurrences(view.text, form).next().done),
    );
}

/** A value, and what it looks like in base64, which has three phases, and in hexadecimal. */
function formsOf(value: string): readonly string[] {
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

function indexRuns(text: string): Map<string, readonly number[]> {
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
function* findAll(
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

function* occurrences(text: string, value: string): Generator<number, void> {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (value.length >= SHORT || standsAlone(text, at, at + value.length)) yield at;
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return !/[A-Za-z0-9]/.test(text.charAt(from - 1)) && !/[A-Za-z0-9]/.test(text.charAt(to));
}

function mask(masked: Uint8Array, { starts }: View, from: number, to: number): void {
  masked.fill(1, starts[from], starts[to]);
}

function replaceMasked(text: string, masked: Uint8Array): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const isMasked = masked[at] === 1;
    const from = at;
    while (at < text.length && (masked[at] === 1) === isMasked) at++;
    result += isMasked ? MASK : text.slice(from, at);
  }
  return result;
}
