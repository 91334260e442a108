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
/** Nobody reads on in an error or a log. */
const LONGEST = 16_384;
/** Room for a run in its longest form, so that none that crosses the end of a piece goes unseen. */
const MARGIN = 512;
/** More than the largest secret takes; where less time is left, the caller says so. */
const WITHIN_MS = 2000;

/**
 * Takes values out of texts and errors: any run of eight characters, of the value itself and of its forms, which
 * SECURITY.md lists. When the time is up it takes out everything.
 */
export class Redactor {
  readonly #hidden: HiddenValues;
  /** Made once for all texts of an error. */
  #forms: ReadonlyMap<string, Rank> | undefined;

  /** @param hidden what was collected, or what messages name anyway if nothing was yet */
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
   * @param isOurs whether the engine, or a rotator with `ownWords`, says them: see said-by.ts
   * @param withinMs for all of them
   */
  texts(texts: Iterable<string>, isOurs = false, withinMs = WITHIN_MS): readonly string[] {
    const check = clock(withinMs);
    return Array.from(texts, (text) => this.#redacted(text, text.length, isOurs, check));
  }

  /**
   * Copies an error without the values. It is a copy because drivers hang whole queries and connection options on
   * theirs: only name, message, stack, code, hint and cause come through.
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

  /** The beginning of a text, by what can be seen in all of it. */
  #redacted(marked: string, most: number, isOurs: boolean, check: () => void): string {
    try {
      // What others say may hold a value that has such a mark in it.
      const { plain: text, isQuoted } = isOurs ? withoutMarks(marked) : { plain: marked };
      const end = Math.min(most, text.length);
      const masked = new Uint8Array(text.length);
      // In pieces, or the views of a megabyte would take hundreds.
      for (let at = 0; at < end; at += LONGEST) {
        const from = Math.max(0, at - MARGIN);
        this.#mask(text.slice(from, at + LONGEST + MARGIN), masked.subarray(from), check);
      }
      if (isQuoted) unmaskWords(text, masked, isQuoted, this.#hidden);
      for (const shown of this.#hidden.shown) {
        check();
        // A text may quote a secret that is the same, except ours: of an administrator's they show the name.
        const level = isOurs ? UNKNOWN : KEPT;
        for (const at of wordsIn(text, shown)) unmask(masked.subarray(at, at + shown.length), level);
      }
      return withoutMarks(replaceMasked(text.slice(0, end), masked)).plain;
    } catch {
      // No time, or no memory: nobody has looked for the values.
      return MASK;
    }
  }

  /** Marks the characters of a piece of a text that belong to one of the values. */
  #mask(piece: string, masked: Uint8Array, check: () => void): void {
    this.#forms ??= formsOfAll(this.#hidden, check);
    findAll(viewsOf(piece, check), this.#forms, check, ({ starts, ends }, from, to, level) => {
      for (let at = starts[from] ?? 0; at < (ends[to - 1] ?? 0); at++) {
        masked[at] = Math.max(masked[at] ?? 0, level);
      }
    });
  }
}

/** The forms of all values, and how each is taken out. */
function formsOfAll(
  { kept, prose, unknown, secrets }: HiddenValues,
  check: () => void,
): ReadonlyMap<string, Rank> {
  const forms = new Map<string, Rank>();
  const add = (values: ReadonlySet<string>, level: number, shortest: number) => {
    for (const value of values) {
      check();
      // Some letters are two in capitals, and one is when it is small.
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

/** Lets stand what is there by chance: see said-by.ts. */
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
    // Of another secret, where nobody says what is a credential, a short word may be that of an environment.
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

/** Where masked characters follow each other, and where others do. */
function* stretchesOf(masked: Uint8Array): Generator<readonly [from: number, to: number], void> {
  for (let from = 0, to = 0; from < masked.length; from = to) {
    while (to < masked.length && (masked[to] === 0) === (masked[from] === 0)) to++;
    yield [from, to];
  }
}

/** `PutSecretValue`, `scram-sha-256`, `"ssl": false`: no letters mixed with digits, no capitals at random, no rare sign. */
function readsAsWords(text: string): boolean {
  return SIGNS.test(text) && text.split(/[^A-Za-z0-9]+/).every((word) => WORD.test(word));
}

const SIGNS = /^[\w\s"'’`.,;:()<>{}[\]=/*?&+…-]*$/;
const WORD = /^(?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{2,14})*(?:[A-Z][a-z]|[A-Z]{0,4})|[A-Z]{0,15}|\d{1,4})$/;
