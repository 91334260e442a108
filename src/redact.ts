import { isError, isRotationError, RotationError } from './errors.js';
import { type Json, stringsIn } from './secret-string.js';

/** No run of a secret that is this long leaves the function. */
const RUN = 8;
/** A shorter secret is taken out whole; one this short only where it stands alone, or it would eat every message. */
const SHORT = 4;
const MASK = '[redacted]';

/**
 * Collects the values that must not leave the function, and takes them out of texts and errors: any run of eight
 * characters, of the value itself and of its JSON, URL, base64 and hexadecimal forms.
 */
export class Redactor {
  readonly #hidden: { readonly value: string; readonly shown: readonly string[] }[] = [];
  #index: Index | undefined;

  /** Hides a value, save the runs of it that stand in one of the `shown` texts (a host inside a URL). */
  hide(value: string, shown: readonly string[] = []): void {
    if (value === '') return;
    this.#hidden.push({ value, shown });
    this.#index = undefined;
  }

  /** Hides every string of a secret's fields, except those that may be shown. */
  hideFields(values: Json, shows: readonly string[]): void {
    const shown = shows.flatMap((field) => [...stringsIn(values[field])]);
    for (const [field, value] of Object.entries(values)) {
      if (shows.includes(field)) continue;
      for (const text of stringsIn(value)) this.hide(text, shown);
    }
  }

  text(text: string): string {
    // Built when something goes wrong, not when a secret is read: most rotations never need it.
    this.#index ??= buildIndex(this.#hidden);
    const { runs, whole } = this.#index;
    const masked = new Uint8Array(text.length);
    for (let at = 0; at + RUN <= text.length; at++) {
      if (runs.has(text.slice(at, at + RUN))) masked.fill(1, at, at + RUN);
    }
    for (const value of whole) {
      for (const at of occurrences(text, value)) masked.fill(1, at, at + value.length);
    }
    return replaceMasked(text, masked);
  }

  /**
   * Copies an error without the values. It is a copy because drivers hang whole queries and connection options on
   * theirs: only name, message, stack, code and cause come through.
   */
  error(error: unknown, depth = 0): Error {
    if (!isError(error)) {
      return new Error(
        typeof error === 'string' ? this.text(error) : 'a value that is not an Error was thrown',
      );
    }
    const cause = depth < 4 ? this.#causeOf(error, depth) : undefined;
    const copy = isRotationError(error)
      ? new RotationError(error.code, this.text(error.message), {
          hint: error.hint === undefined ? undefined : this.text(error.hint),
          step: error.step,
          secretId: error.secretId,
          cause,
        })
      : this.#plainCopy(error, cause);
    if (typeof error.stack === 'string') copy.stack = this.text(error.stack);
    return copy;
  }

  #causeOf(error: Error, depth: number): Error | undefined {
    if (error.cause !== undefined) return this.error(error.cause, depth + 1);
    // Node's connect() tries several addresses; the first failure stands for all.
    if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
      return this.error(error.errors[0], depth + 1);
    }
    return undefined;
  }

  #plainCopy(error: Error, cause: Error | undefined): Error {
    const copy = new Error(this.text(String(error.message)), cause && { cause });
    const code = 'code' in error && typeof error.code === 'string' ? { code: this.text(error.code) } : {};
    return Object.assign(copy, { name: this.text(String(error.name)) }, code);
  }
}

/** Whether a text contains a secret value, as it is or encoded. */
export function carries(text: string, secret: string): boolean {
  return forms(secret).some((form) => !occurrences(text, form).next().done);
}

interface Index {
  readonly runs: ReadonlySet<string>;
  readonly whole: ReadonlySet<string>;
}

function buildIndex(hidden: Iterable<{ readonly value: string; readonly shown: readonly string[] }>): Index {
  const runs = new Set<string>();
  const whole = new Set<string>();
  for (const { value, shown } of hidden) {
    for (const form of forms(value)) {
      if (form.length < RUN) {
        if (!shown.some((text) => text.includes(form))) whole.add(form);
        continue;
      }
      for (let at = 0; at + RUN <= form.length; at++) {
        const run = form.slice(at, at + RUN);
        if (!shown.some((text) => text.includes(run))) runs.add(run);
      }
    }
  }
  return { runs, whole };
}

/** A value and what it looks like inside JSON, a URL, base64 (which has three phases) and hexadecimal. */
function forms(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1);
  const url = encodeURIComponent(value.replace(LONE_SURROGATE, '\uFFFD'));
  const bytes = Buffer.from(value);
  const base64 = [0, 1, 2].map((offset) => base64Within(bytes, offset));
  const hex = bytes.toString('hex');
  return [
    ...new Set([
      value,
      json,
      json.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
      url,
      url.replace(/%../g, (code) => code.toLowerCase()),
      url.replaceAll('%20', '+'),
      ...base64,
      ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
      hex,
      hex.toUpperCase(),
    ]),
  ].filter((form) => form !== '');
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** The base64 characters that bytes always give, when so many other bytes (mod 3) stand before them. */
function base64Within(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const complete = (offset + bytes.length) % 3 === 0 ? encoded.length : encoded.length - 1;
  return encoded.slice(offset === 0 ? 0 : offset + 1, complete);
}

function* occurrences(text: string, value: string): Generator<number, void> {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    if (value.length >= SHORT || standsAlone(text, at, at + value.length)) yield at;
  }
}

function standsAlone(text: string, from: number, to: number): boolean {
  return !/[A-Za-z0-9]/.test(text.charAt(from - 1)) && !/[A-Za-z0-9]/.test(text.charAt(to));
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
