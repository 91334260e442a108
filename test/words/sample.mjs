/**
 * Draws twenty errors, twenty doc comments and two pages for a reader: node test/words/sample.mjs <seed>. A seed always draws
 * the same from the same sources.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commentsIn, stringsIn } from './texts.mjs';

const ROOT = join(import.meta.dirname, '../..');
const seed = process.argv[2] ?? '1';
const files = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' }).split('\n');
const sources = files.filter((file) => /^(?:src|rotators)\/.*\.ts$/.test(file));

const docs = sources.flatMap(commentsIn).filter(({ text }) => text.split(/\s+/).length > 8);
const pages = files.filter((file) => /^(?:README\.md|docs\/.*\.md|rotators\/.*\.md)$/.test(file));
const parts = [
  ...drawn(sources.flatMap(stringsIn), 20, asKey).map(atLine),
  ...drawn(docs, 20, asKey).map(atLine),
  ...drawn(pages, 2, String).map((page) => [page, readFileSync(join(ROOT, page), 'utf8')]),
];
process.stdout.write(parts.map(([place, text]) => `\n--- ${place}\n${text.trim()}\n`).join(''));

function atLine({ file, line, text }) {
  return [`${file}:${line}`, text];
}

function asKey({ file, text }) {
  return `${file} ${text}`;
}

/** Some of the items, in an order that depends on the seed and on nothing else. */
function drawn(items, count, key) {
  const ranked = items.map((item) => [
    createHash('sha256')
      .update(`${seed} ${key(item)}`)
      .digest('hex'),
    item,
  ]);
  return ranked
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, count)
    .map(([, item]) => item);
}
