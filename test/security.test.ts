import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const read = (path: string) => readFileSync(join(__dirname, '..', path), 'utf8');
const SECURITY = read('SECURITY.md');

test('SECURITY.md names only files and sections that are there, in 160 lines at most', () => {
  expect(SECURITY.trimEnd().split('\n').length).toBeLessThanOrEqual(160);
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

test('package-lock.json has the hash of every package', () => {
  const { packages }: { packages: Record<string, { integrity?: string }> } = JSON.parse(
    read('package-lock.json'),
  );
  const { '': self, ...installed } = packages;
  expect(self).toBeDefined();
  for (const { integrity } of Object.values(installed)) expect(integrity).toMatch(/^sha512-/);
});
