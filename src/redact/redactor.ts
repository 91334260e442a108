import { isError, isRotationError, RotationError } from '../errors.js';
import type { Json } from '../json.js';
import { type View, viewsOf } from './decode.js';
import { findAll, formsOf, indexRuns, occurrences, SHORT } from './search.js';

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
    this.#secrets.add(value);
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
      for (const value of stringsIn(content)) target.add(value);
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

/** Every string in a value, at any depth, and every number long enough to be a secret of its own. */
export function* stringsIn(value: unknown): Generator<string> {
  const open = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (typeof next === 'string') yield next;
    if (typeof next === 'number' && String(next).length >= 8) yield String(next);
    if (typeof next === 'object' && next !== null)
      open.push(...Object.values(next).map((inner) => inner ?? ''));
  }
}
