import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '..');
const HOME = 'https://github.example/owner/quarterturn';

function release(env: Readonly<Record<string, string>>) {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, '.build/release.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, lines: stderr.trimEnd().split('\n') };
}

test('nothing is published while the project has no address, and each thing that is missing is named', () => {
  const { status, lines } = release({});
  expect(status).toBe(1);
  expect(lines).toEqual([
    'missing before a release: the address of the repository: HOME in .build/release.mjs',
    'missing before a release: package.json: "repository", with the url git+.git',
    'missing before a release: package.json: "homepage", #readme',
    'missing before a release: package.json: "bugs", with the url /issues',
    'missing before a release: SECURITY.md: a link to the form, /security/advisories/new',
    'missing before a release: CHANGELOG.md: the day of 0.1.0 in its first title, in place of "unreleased"',
  ]);
});

describe('a project with an address', () => {
  const root = mkdtempSync(join(tmpdir(), 'quarterturn-release-'));
  afterAll(() => rmSync(root, { recursive: true }));

  test('is published when its files name the address and the changelog has a day', () => {
    const repository = { url: `git+${HOME}.git` };
    const bugs = { url: `${HOME}/issues` };
    const manifest = { version: '0.1.0', repository, homepage: `${HOME}#readme`, bugs };
    writeFileSync(join(root, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(root, 'CHANGELOG.md'), '# Changelog\n\n## 0.1.0, 2027-01-02\n');
    writeFileSync(join(root, 'SECURITY.md'), `[the form](${HOME}/security/advisories/new)\n`);
    const { status, lines } = release({ QUARTERTURN_ROOT: root, QUARTERTURN_HOME: HOME });
    expect([status, lines]).toEqual([0, ['']]);
  });
});
