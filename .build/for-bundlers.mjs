// Makes compiled ES modules fit for bundlers without options, such as esbuild with its defaults: of some packages
// they take a CommonJS in which they do not find everything, or which does not run in an ES module.
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FROM_A_PACKAGE = /^(?:import|export) (?:\w+|\{[^}]*\}|\*(?: as \w+)?) from '(?![.#]|node:)[^']+';$/m;

/**
 * Outside of bundles, what these names stand for in package.json is what would be loaded anyway, or a file without a line: a
 * module of Node's own cannot be named there in a way that Jest finds.
 */
export function forBundlers(folder) {
  for (const path of readdirSync(folder, { recursive: true })) {
    if (!path.endsWith('.js')) continue;
    const code = readFileSync(join(folder, path), 'utf8');
    if (!FROM_A_PACKAGE.test(code)) continue;
    const found = code.replace(/ from 'jsonc-parser';$/m, " from '#jsonc-parser';");
    writeFileSync(join(folder, path), found.replace(/^(?!#!)/m, "import '#global-require';\n"));
  }
  copyFileSync(join(import.meta.dirname, 'global-require.js'), join(folder, 'global-require.js'));
  writeFileSync(join(folder, 'no-require.js'), '');
}
