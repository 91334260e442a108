// Has esbuild take what rotators import from src/index.ts from the modules behind it. By way of the index, all that a
// chunk loaded later takes from it would be loaded at once, since a file that is imported at once leads there.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** @param entryOf makes the entry of a bundle, of the source of the file that is given as `entry` */
export function pastIndex(root, { entry, entryOf }) {
  const moduleOf = modulesIn(readFileSync(join(root, 'src/index.ts'), 'utf8'));
  return {
    name: 'past-index',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]rotators[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const own = path === join(root, entry) ? await entryOf(source, entry) : source;
        return { contents: rewritten(own, moduleOf), loader: 'ts' };
      });
    },
  };
}

/** The module behind each name of the index that is there when a program runs. */
function modulesIn(index) {
  const exports = [...index.matchAll(/^export \{([^}]*)\} from '\.\/(.+)';$/gm)];
  return new Map(exports.flatMap(([, names, from]) => listed(names).map((name) => [name, from])));
}

function rewritten(source, moduleOf) {
  return source.replace(
    /^import \{([^}]*)\} from '((?:\.\.\/)+src\/)index\.js';$/gm,
    (statement, names, src) => {
      const imports = listed(names).map(
        (name) => `import { ${name} } from '${src}${moduleOf.get(name) ?? 'index.js'}';`,
      );
      // As many lines as before, for the source maps.
      return imports.join(' ') + statement.replace(/[^\n]/g, '');
    },
  );
}

/** The names in the braces of an import or an export, but for those of types. */
function listed(names) {
  return names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && !name.startsWith('type '));
}
