// Grammar and spelling, by Harper, with the field's words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dialect, LocalLinter } from 'harper.js';
import { binaryInlined } from 'harper.js/binaryInlined';

/** Its other kinds are taste: title case, "standard output" for stdout, en dashes. */
const KINDS = new Set(['Spelling', 'Grammar', 'Agreement', 'Usage', 'Repetition']);
/** Rules that are wrong here: mass nouns, "ok" as the state that `status` prints, "non-empty" and "under way". */
const WRONG = /mass noun|instead of `ok`|prefix that can be joined/;

const words = readFileSync(join(import.meta.dirname, 'field-words.txt'), 'utf8')
  .split('\n')
  .filter(Boolean);
const linter = new LocalLinter({ binary: binaryInlined, dialect: Dialect.British });
await linter.setup();
await linter.importWords(words);
/** Harper knows the words themselves, but not whose they are. */
const POSSESSIVE = new RegExp(`\\b(?:${words.join('|')})['’]s`, 'g');

/** The mistakes in a paragraph. @returns {Promise<string[]>} */
export async function mistakesIn(text) {
  const lints = await linter.lint(withoutNames(text), { language: 'markdown' });
  return lints
    .filter((lint) => KINDS.has(lint.lint_kind()) && !WRONG.test(lint.message()))
    .map((lint) => `${lint.lint_kind()}: "${lint.get_problem_text()}": ${lint.message()}`);
}

/** Code, addresses and names of things are no words. */
function withoutNames(text) {
  return text
    .replace(/^ *@\w+(?: [\w.]+(?= ))?/gm, '')
    .replace(/\]\([^)]*\)|\]\[[\w-]+\]|^\[[\w-]+\]: .*$/gm, ']')
    .replace(/\bquarterturn [a-z]+(?: --?[\w-]+)*/g, ' Alice ')
    .replace(/`[^`]*`|"[^"\n]*"|\{@link [^}]+\}|https?:\/\/[^\s)]+/g, 'Alice')
    .replace(/(?<![\w])[\w$./:@-]*(?:[a-z][A-Z]|\d|[._/:@][A-Za-z])[\w$./:@-]*(?:\(\))?(?:['’]s)?/g, 'Alice')
    .replace(/\b[A-Z][A-Z_-]*[A-Z_]s?\b(?:['’]s)?/g, 'Alice')
    .replace(POSSESSIVE, 'Alice')
    .replace(/…+/g, ' Alice ')
    .replace(/\bAlice(?:[\s,]+Alice)+/g, 'Alice')
    .replace(/ +/g, ' ');
}
