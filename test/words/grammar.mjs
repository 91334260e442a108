// Grammar and spelling, by Harper, with the field's words.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dialect, LocalLinter } from 'harper.js';
import { binaryInlined } from 'harper.js/binaryInlined';

/** Its other kinds are taste: title case, "standard output" for stdout, en dashes. */
const KINDS = new Set(['Spelling', 'Grammar', 'Agreement', 'Usage', 'Repetition']);

const words = readFileSync(join(import.meta.dirname, 'field-words.txt'), 'utf8')
  .split('\n')
  .filter(Boolean);
const linter = new LocalLinter({ binary: binaryInlined, dialect: Dialect.British });
await linter.setup();
await linter.importWords(words);

/** The mistakes in a paragraph. @returns {Promise<string[]>} */
export async function mistakesIn(text) {
  const lints = await linter.lint(withoutNames(text), { language: 'markdown' });
  return lints
    .filter((lint) => KINDS.has(lint.lint_kind()) && !/mass noun/.test(lint.message()))
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
    .replace(/\b[A-Z][A-Z_-]+s?\b(?:['’]s)?/g, 'Alice')
    .replace(/…+/g, ' Alice ')
    .replace(/\bAlice(?:[\s,]+Alice)+/g, 'Alice')
    .replace(/ +/g, ' ');
}
