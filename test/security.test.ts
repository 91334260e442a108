import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const SECURITY = read('SECURITY.md');

test('SECURITY.md names only files and sections that are there, in 460 lines of 120 characters at most', () => {
  expect(SECURITY.trimEnd().split('\n').length).toBeLessThanOrEqual(460);
  expect(Math.max(...SECURITY.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  const named = SECURITY.matchAll(
    /`((?:src|rotators|test)\/[\w./-]+|\.ci\/run|\.npmrc|[A-Z]+\.md|[\w-]+\.json)`/g,
  );
  for (const [, path] of named) expect(() => read(path!)).not.toThrow();
  for (const [, path, section] of SECURITY.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
    const titles = read(path!).match(/^#+ .+$/gm) ?? [];
    const anchors = titles.map((title) =>
      title
        .replace(/^#+ /, '')
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    );
    if (section !== undefined) expect(anchors).toContain(section);
  }
});

interface Locked {
  readonly name?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: true;
}

/** All packages in a lockfile, by where they are installed. */
function packagesIn(lockfile: string): Readonly<Record<string, Locked>> {
  const { packages } = JSON.parse(read(lockfile));
  const { '': self, ...installed } = packages;
  expect(self).toBeDefined();
  return installed;
}

test.each(['package-lock.json', 'test/issuers/package-lock.json', 'test/words/package-lock.json'])(
  '%s has the hash and the address of every package',
  (lockfile) => {
    for (const { integrity, resolved } of Object.values(packagesIn(lockfile))) {
      expect(integrity).toMatch(/^sha512-/);
      expect(resolved).toMatch(/^https:\/\/registry\.npmjs\.org\//);
    }
  },
);

test('no install script runs that package.json does not allow by name, and it names no others', () => {
  const scripted = Object.entries(packagesIn('package-lock.json')).filter(([, it]) => it.hasInstallScript);
  const names = scripted.map(([path, { name }]) => name ?? path.replace(/^.*node_modules\//, ''));
  const { allowScripts } = JSON.parse(read('package.json'));
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(names)].sort());
});
