import { withoutMarks } from '../errors.js';
import { viewsOf } from './decode.js';
import { errorCopier } from './error-copy.js';
import { HiddenValues } from './hidden-values.js';
import {
  findAll,
  folded,
  formsOf,
  KEPT,
  PROSE,
  type Rank,
  RUN,
  rankOf,
  SECRET,
  SHORT,
  UNKNOWN,
  wordsIn,
} from './search.js';

const MASK = '[redacted]';
/** Longest text of an error or a log entry, in characters. */
const LONGEST = 16_384;
/** Overlap of two pieces: room for a run in its longest form, so that none is missed at the end of a piece. */
const MARGIN = 512;
/** Default limit in milliseconds: more than the largest secret needs. */
const WITHIN_MS = 2000;

/**
 * Redacts values in texts and errors: any run of eight characters of a value or of one of its forms, which SECURITY.md lists.
 * When the time is up, it redacts the whole text.
 */
export class Redactor {
  readonly #hidden: HiddenValues;
  /** Shared by all texts of an error. */
  #forms: ReadonlyMap<string, Rank> | undefined;

  /** @param hidden the values to redact; or only what messages may name, as long as no value is known */
  constructor(hidden: HiddenValues | readonly string[] = []) {
    this.#hidden = hidden instanceof HiddenValues ? hidden : new HiddenValues(hidden);
  }

  hide(value: string): void {
    this.#hidden.hide(value);
    this.#forms = undefined;
  }

  hideFields(...fields: Parameters<HiddenValues['hideFields']>): void {
    this.#hidden.hideFields(...fields);
    this.#forms = undefined;
  }

  text(text: string): string {
    return this.texts([text]).join('');
  }

  /**
   * @param isOurs whether the engine, or a rotator with `ownWords`, wrote the texts: see said-by.ts
   * @param withinMs limit for all texts together
   */
  texts(texts: Iterable<string>, isOurs = false, withinMs = WITHIN_MS): readonly string[] {
    const check = clock(withinMs);
    return Array.from(texts, (text) => this.#redacted(text, text.length, isOurs, check));
  }

  /**
   * Returns a redacted copy of an error with its name, message, stack, code, hint and cause. A copy, because drivers attach
   * whole queries and connection options to their errors.
   */
  error(error: unknown, withinMs = WITHIN_MS): Error {
    const check = clock(withinMs);
    return errorCopier((text, isOurs) => this.#beginning(text, isOurs, check))(error);
  }

  /** The same for what may be endless: an error that quotes an answer, say. */
  #beginning(text: string, isOurs: boolean, check: () => void): string {
    if (text.length <= LONGEST) return this.#redacted(text, text.length, isOurs, check);
    const begun = this.#redacted(text.slice(0, LONGEST + MARGIN), LONGEST, isOurs, check);
    return `${begun}… (${text.length} characters)`;
  }

  /** Redacts the beginning of a text, by what all of it contains. */
  #redacted(marked: string, most: number, isOurs: boolean, check: () => void): string {
    try {
      // In texts of others, such a mark may belong to a value.
      const { plain: text, isQuoted } = isOurs ? withoutMarks(marked) : { plain: marked };
      const end = Math.min(most, text.length);
      const masked = new Uint8Array(text.length);
      // In pieces: the views of one megabyte would take hundreds.
      for (let at = 0; at < end; at += LONGEST) {
        const from = Math.max(0, at - MARGIN);
        this.#mask(text.slice(from, at + LONGEST + MARGIN), masked.subarray(from), check);
      }
      if (isQuoted) unmaskWords(text, masked, isQuoted, this.#hidden);
      for (const shown of this.#hidden.shown) {
        check();
        // Texts of others may quote a secret that equals a shown name. Ours do not: they mean the name.
        const level = isOurs ? UNKNOWN : KEPT;
        for (const at of wordsIn(text, shown)) unmask(masked.subarray(at, at + shown.length), level);
      }
      return withoutMarks(replaceMasked(text.slice(0, end), masked)).plain;
    } catch {
      // Out of time or memory: the text was not searched.
      return MASK;
    }
  }

  /** Marks the characters of a piece that belong to a value. */
  #mask(piece: string, masked: Uint8Array, check: () => void): void {
    this.#forms ??= formsOfAll(this.#hidden, check);
    findAll(viewsOf(piece, check), this.#forms, check, ({ starts, ends }, from, to, level) => {
      for (let at = starts[from] ?? 0; at < (ends[to - 1] ?? 0); at++) {
        masked[at] = Math.max(masked[at] ?? 0, level);
      }
    });
  }
}

/** Returns the forms of all values, and the rank of each. */
function formsOfAll(
  { kept, prose, unknown, secrets }: HiddenValues,
  check: () => void,
): ReadonlyMap<string, Rank> {
  const forms = new Map<string, Rank>();
  const add = (values: ReadonlySet<string>, level: number, shortest: number) => {
    for (const value of values) {
      check();
      // Some letters are two in upper case, and one is two in lower case.
      for (const form of [...formsOf(value), value.toUpperCase(), value.toLowerCase()]) {
        const rank = rankOf(level, form.length < shortest);
        if (form !== '' && (forms.get(form) ?? 0) < rank) forms.set(form, rank);
      }
    }
  };
  add(kept, KEPT, RUN);
  add(prose, PROSE, SHORT);
  add(unknown, UNKNOWN, SHORT);
  add(secrets, SECRET, SHORT);
  return forms;
}

/** Throws when the time is up. */
function clock(withinMs: number): () => void {
  const end = performance.now() + withinMs;
  return () => {
    if (performance.now() > end) throw new Error('the time is up');
  };
}

function unmask(masked: Uint8Array, most: number): void {
  masked.set(masked.map((level) => (level > most ? level : 0)));
}

/** Unmasks words that are there by chance: see said-by.ts. */
function unmaskWords(
  text: string,
  masked: Uint8Array,
  isQuoted: Uint8Array,
  { secrets, unknown, shown }: HiddenValues,
): void {
  const values = new Set([...secrets, ...unknown].map(folded));
  for (const [from, to] of stretchesOf(masked)) {
    if (masked[from] === 0) continue;
    const words = text.slice(from, to);
    const isWhole = values.has(folded(words)) && !shown.has(words);
    const isOfText = masked.subarray(from, to).every((level) => level <= PROSE);
    // A short word of another secret may be, for example, the name of an environment.
    const isNoChance = to - from < RUN ? masked.subarray(from, to).includes(SECRET) : !isOfText;
    if (isNoChance && isQuoted.subarray(from, to).includes(1)) continue;
    if (to - from < RUN || ((isWhole || isOfText) && readsAsWords(words))) masked.fill(0, from, to);
  }
}

function replaceMasked(text: string, masked: Uint8Array): string {
  let result = '';
  for (const [from, to] of stretchesOf(masked.subarray(0, text.length))) {
    result += masked[from] === 0 ? text.slice(from, to) : MASK;
  }
  return result;
}

/** Yields the stretches of masked characters, and those between them. */
function* stretchesOf(masked: Uint8Array): Generator<readonly [from: number, to: number], void> {
  for (let from = 0, to = 0; from < masked.length; from = to) {
    while (to < masked.length && (masked[to] === 0) === (masked[from] === 0)) to++;
    yield [from, to];
  }
}

/** Words such as `PutSecretValue`, `scram-sha-256`, `"ssl": false`: no mix of letters and digits, random capitals or rare signs. */
function readsAsWords(text: string): boolean {
  return SIGNS.test(text) && text.split(/[^A-Za-z0-9]+/).every((word) => WORD.test(word));
}

const SIGNS = /^[\w\s"'’`.,;:()<>{}[\]=/*?&+…-]*$/;
const WORD = /^(?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{2,14})*(?:[A-Z][a-z]|[A-Z]{0,4})|[A-Z]{0,15}|\d{1,4})$/;
