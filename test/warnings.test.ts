import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Warning {
  /** The error code, or the finding of `doctor`. */
  readonly code: string;
  readonly file: string;
  /** How the warning was worded before all hints were made shorter. */
  readonly before: string;
  /** The words that carry it now. */
  readonly after: string;
}

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const warnings: readonly Warning[] = JSON.parse(read('test/support/warnings.json'));

/** Source code with its strings joined, and `…` for what is put into them. */
function asText(source: string): string {
  return source
    .replace(/(['"`])\s*\+\s*(['"`])/g, '')
    .replace(/\\(['"`])/g, '$1')
    .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
    .replace(/\s+/g, ' ');
}

const files = [...new Set(warnings.map(({ file }) => file))];

test.each(files)('no "do not" and no "only if" of the hints in %s has been lost', (file) => {
  const text = asText(read(file));
  const lost = warnings
    .filter((warning) => warning.file === file && !text.includes(asText(warning.after).trim()))
    .map(({ code, before }) => `${code}: ${before}`);
  expect(lost).toEqual([]);
});

test('a warning that is taken out of a source is missed', () => {
  const [{ file, after }] = warnings as [Warning];
  expect(asText(read(file)).replaceAll(asText(after).trim(), '')).not.toContain(asText(after).trim());
});
