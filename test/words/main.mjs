/**
 * Reads what people read, and exits with 1 if something would stop them: sentences that are too long in errors and hints,
 * phrases that we refuse, grammar and spelling, and a reference of the doc comments that has a warning.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mistakesIn } from './grammar.mjs';
import { REFUSED } from './phrases.mjs';
import { commentsIn, countWords, paragraphsIn, sentencesOf, stringsIn } from './texts.mjs';

const ROOT = join(import.meta.dirname, '../..');
/** In words. Errors and hints are read at night; pages have more time. */
const LONGEST = { error: 25, page: 40, cell: 30 };

const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n').filter(Boolean);
const pages = files.filter((file) => file.endsWith('.md'));
const sources = files.filter((file) => /^(?:src|rotators)\/.*\.ts$/.test(file));
const tests = files.filter(
  (file) => /^(?:test|\.build)\/.*\.(?:ts|mjs)$/.test(file) && !file.startsWith('test/words/'),
);

const problems = [];
const report = ({ file, line }, problem) => problems.push(`${file}:${line}: ${problem}`);

const strings = sources.flatMap(stringsIn);
const paragraphs = pages.flatMap(paragraphsIn);
const comments = sources.flatMap(commentsIn);
for (const text of strings) assertShort(text, LONGEST.error);
for (const text of paragraphs) {
  if (text.isCell && countWords(text.text) > LONGEST.cell) report(text, 'a cell of a table is a paragraph');
  assertShort(text, LONGEST.page);
}
for (const text of [...strings, ...paragraphs, ...comments, ...tests.flatMap(commentsIn)]) assertPlain(text);
for (const text of [...strings, ...paragraphs, ...comments]) {
  for (const mistake of await mistakesIn(text.text)) report(text, mistake);
}
problems.push(...reference());

for (const problem of problems) process.stdout.write(`${problem}\n`);
const read = `${strings.length} strings, ${paragraphs.length} paragraphs and ${comments.length} comments`;
process.stdout.write(`${problems.length === 0 ? 'nothing' : problems.length} to mend in ${read}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

function assertShort(text, most) {
  for (const sentence of sentencesOf(text.text)) {
    const words = countWords(sentence);
    if (words > most) report(text, `a sentence of ${words} words: ${sentence.slice(0, 80)}…`);
  }
}

function assertPlain(text) {
  for (const sentence of sentencesOf(text.text)) {
    for (const [phrase, instead] of REFUSED) {
      const [found] = phrase.exec(sentence) ?? [];
      if (found !== undefined) report(text, `"${found}": ${instead}`);
    }
  }
}

/** Makes the reference, and throws it away. @returns {string[]} its warnings */
function reference() {
  const exported = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports;
  const patterns = Object.values(exported).flatMap((entry) => entry.import?.default ?? []);
  const out = mkdtempSync(join(tmpdir(), 'quarterturn-reference-'));
  try {
    const { status, stdout, stderr } = spawnSync(
      join(import.meta.dirname, 'node_modules/.bin/typedoc'),
      [
        ...patterns.flatMap((path) => ['--entryPoints', sourceOf(path)]),
        ...['--tsconfig', join(import.meta.dirname, 'tsconfig.json'), '--out', out, '--disableSources'],
        // The SDK's members have the SDK's own reference.
        ...['--excludeExternals', '--excludeInternal', '--treatWarningsAsErrors'],
        ...['--validation.invalidLink', 'true', '--validation.notDocumented', 'true'],
      ],
      { cwd: ROOT, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    );
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => /\[(?:warning|error)\]/.test(line));
    return status === 0 || lines.length > 0 ? lines : [`the reference was not made: ${stderr}`];
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** `./dist/esm/src/index.js` is made of `src/index.ts`. */
function sourceOf(path) {
  const pattern = path.replace('./dist/esm/', '').replace(/\.js$/, '.ts');
  return pattern.replace('/*/', '/**/');
}
