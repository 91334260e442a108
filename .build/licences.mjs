// The licences of what is in a bundle: MIT, ISC and Apache-2.0 want theirs to go with every copy.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What lies beside a bundle: our own licence, then of each package its name, its licence and the text, each text once. */
export function licencesOf({ inputs }, root) {
  const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const byText = new Map();
  for (const folder of [...new Set(folders)].filter(Boolean).sort()) {
    const { title, text } = licenceOf(join(root, folder));
    byText.set(text, [...(byText.get(text) ?? []), title]);
  }
  const sections = [...byText].map(([text, titles]) => section(titles, text));
  return [section(['quarterturn'], textOf(root)), ...sections].join('\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = textOf(folder);
  if (!text) throw new Error(`${name} has no text of its licence, which must go with the bundle`);
  return { title: `${name} ${version} (${license})`, text };
}

/** Some have it in their README alone. */
function textOf(folder) {
  const names = readdirSync(folder).sort();
  const read = (pattern) =>
    names
      .filter((name) => pattern.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  const texts = read(/^(?:licen[cs]e|notice|copying)(?:\.(?:md|txt))?$/i);
  if (texts.length > 0) return texts.join('\n\n');
  const parts = read(/^readme\.md$/i).flatMap((readme) => readme.split(/^#+ */m));
  return parts.find((part) => /^licen[cs]e\n.*copyright/is.test(part))?.trim();
}

function section(titles, text) {
  return `${'='.repeat(80)}\n${titles.join('\n')}\n\n${text}\n`;
}
