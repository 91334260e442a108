// Runs before `npm publish`, and stops it while something that a release needs is missing.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The address of the repository, such as https://github.com/owner/quarterturn. Empty until the project has a public home. */
const HOME = '';

const ROOT = process.env.QUARTERTURN_ROOT ?? fileURLToPath(new URL('../', import.meta.url));
const home = process.env.QUARTERTURN_HOME ?? HOME;
const read = (path) => readFileSync(join(ROOT, path), 'utf8');

const missing = [];
const need = (isThere, what) => isThere || missing.push(what);
const { version, repository, homepage, bugs } = JSON.parse(read('package.json'));
const [, title] = /^## (.*)$/m.exec(read('CHANGELOG.md')) ?? [];

need(home !== '', 'the address of the repository: HOME in .build/release.mjs');
need(repository?.url === `git+${home}.git`, `package.json: "repository", with the url git+${home}.git`);
need(homepage === `${home}#readme`, `package.json: "homepage", ${home}#readme`);
need(bugs?.url === `${home}/issues`, `package.json: "bugs", with the url ${home}/issues`);
need(
  home !== '' && read('SECURITY.md').includes(`${home}/security/advisories/new`),
  `SECURITY.md: a link to the form, ${home}/security/advisories/new`,
);
need(
  title?.startsWith(`${version}, 2`),
  `CHANGELOG.md: the day of ${version} in its first title, in place of "unreleased"`,
);

for (const what of missing) process.stderr.write(`missing before a release: ${what}\n`);
process.exitCode = missing.length === 0 ? 0 : 1;
