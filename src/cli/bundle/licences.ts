import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { type PackageFile, packageAt } from './package-at.js';

/** The file beside a bundle: MIT, ISC and Apache-2.0 require their text to go with every copy. */
export const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/** The licences of what is in a bundle. */
export interface Licences {
  /** Our licence, then each package's name, licence and text, each text once. */
  readonly text: string;
  /** The packages without a licence text. */
  readonly without: readonly string[];
}

/**
 * Collects the licences of the packages in a bundle.
 *
 * @param folder the folder that the metafile's paths are relative to
 * @param ourRoot the folder of this package
 */
export function licencesOf({ inputs }: Pick<Metafile, 'inputs'>, folder: string, ourRoot: string): Licences {
  const folders = Object.keys(inputs).map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  const byText = new Map<string, readonly string[]>();
  const without: string[] = [];
  for (const each of [...new Set(folders)].sort()) {
    if (each === undefined) continue;
    const found = packageIfAt(join(folder, each));
    if (!found) without.push(each.slice(each.lastIndexOf('node_modules/') + 'node_modules/'.length));
    if (!found || found.name === 'quarterturn') continue;
    const { name, version, license = 'no licence is named' } = found;
    const text = textOf(join(folder, each));
    if (text === undefined) without.push(name);
    else byText.set(text, [...(byText.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  const sections = [...byText].map(([text, titles]) => section(titles, text));
  return { text: [section(['quarterturn'], textOf(ourRoot) ?? ''), ...sections].join('\n'), without };
}

/** Returns `undefined` for a file, or a folder, that somebody has put into node_modules by hand. */
function packageIfAt(folder: string): PackageFile | undefined {
  return existsSync(join(folder, 'package.json')) ? packageAt(folder) : undefined;
}

/** Some packages have it only in their README. */
function textOf(folder: string): string | undefined {
  const names = readdirSync(folder).sort();
  const read = (pattern: RegExp) =>
    names
      .filter((name) => pattern.test(name) && statSync(join(folder, name)).isFile())
      .map((name) => readFileSync(join(folder, name), 'utf8').replaceAll('\r\n', '\n').trim());
  const texts = read(/^(?:licen[cs]e|notice|copying)(?:\.(?:md|txt))?$/i);
  if (texts.length > 0) return texts.join('\n\n');
  const parts = read(/^readme\.md$/i).flatMap((readme) => readme.split(/^#+ */m));
  return parts.find((part) => /^licen[cs]e\n.*copyright/is.test(part))?.trim();
}

function section(titles: readonly string[], text: string): string {
  return `${'='.repeat(80)}\n${titles.join('\n')}\n\n${text}\n`;
}
