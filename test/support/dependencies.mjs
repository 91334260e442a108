// Which files a file needs, as Jest asks to find the tests that a change concerns: --watch, --changedSince.
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** They import none of the sources, and have to do with all: tests of what is built, and of how it hangs together. */
const NEED_ALL = ['built.ts', 'house.ts'].map((name) => join(import.meta.dirname, name));

function allSources() {
  return ['src', 'rotators'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(ROOT, folder, path)),
  );
}

export function extract(code, file, imported) {
  const needed = imported(code);
  if (!NEED_ALL.includes(file)) return needed;
  return new Set([...needed, ...allSources().map((path) => relative(dirname(file), path))]);
}

/** Jest keeps what it has found, for as long as this is the same. */
export function getCacheKey() {
  return allSources().join('\n');
}
