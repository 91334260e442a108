/**
 * Which rotators have no row in the README's table, nor in a table of their family's README, and which rows are of no
 * rotator that can be deployed: each as a sentence.
 *
 * @param read a file below the package's folder; nothing if it is not there
 */
export function readmeGaps(
  rotators: readonly string[],
  read: (path: string) => string | undefined,
): readonly string[] {
  const [, section = ''] = /^## Rotators$([\s\S]*?)^## /m.exec(read('README.md') ?? '') ?? [];
  const rows = namesIn(section);
  const inFamily = (rotator: string) => namesIn(read(`rotators/${rotator.split('/')[0]}/README.md`) ?? '');
  // What rotators are made of has a row too: issuedKey().
  const parts = read('src/index.ts') ?? '';
  const known = rotators.map(factoryOf);
  return [
    ...rotators
      .filter((rotator) => ![...rows, ...inFamily(rotator)].includes(factoryOf(rotator)))
      .map((rotator) => `README.md has no row for ${factoryOf(rotator)}() of rotators/${rotator}`),
    ...rows
      .filter((name) => !known.includes(name) && !new RegExp(`\\b${name}\\b`).test(parts))
      .map((name) => `README.md has a row for ${name}(), and no lambda.ts makes it`),
  ];
}

/** `alternatingUsers` of `postgres/alternating-users`. */
function factoryOf(rotator: string): string {
  return camelCase(rotator.split('/').at(-1) ?? '');
}

/** What stands as code in the first cells of tables: `iam()`, `ses-smtp`. */
function namesIn(markdown: string): readonly string[] {
  const cells = [...markdown.matchAll(/^\| ([^|]*) \|/gm)].map(([, cell = '']) => cell);
  return cells
    .flatMap((cell) => [...cell.matchAll(/`([\w-]+)(?:\(\w*\))?`/g)])
    .map(([, name = '']) => camelCase(name));
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
