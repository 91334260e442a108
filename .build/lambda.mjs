// Writes dist/lambda/<rotator>/, each a Lambda as it is, with the handler `index.handler`: npm run build
// Source maps are in dist/lambda-maps/<rotator>. `--report` prints what is in dist/lambda/report.json, and `--into` names
// another folder than dist.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { esbuildOptions } from '../dist/esm/src/cli/bundle/esbuild-options.js';
import { LICENCES, licencesOf } from '../dist/esm/src/cli/bundle/licences.js';
import { bundleEntry } from './bundle-entry.mjs';
import { pastIndex } from './past-index.mjs';
import { describe, problemsOf } from './report.mjs';
import { manifestsIn } from './rotators.mjs';
import { withoutUnused } from './unused.mjs';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const OUT = 'dist/lambda';
const { values: options } = parseArgs({
  options: { report: { type: 'boolean' }, into: { type: 'string', default: join(ROOT, 'dist') } },
});

const manifests = await manifestsIn(ROOT);
const allDrivers = [...new Set(manifests.flatMap(([, { drivers }]) => drivers))];
for (const folder of ['lambda', 'lambda-maps']) {
  await rm(join(options.into, folder), { recursive: true, force: true });
}
const bundles = await Promise.all(manifests.map(write));
const report = Object.fromEntries(bundles.map(({ name, ...bundle }) => [name, bundle]));
await writeFile(join(options.into, 'lambda/report.json'), `${JSON.stringify(report, undefined, 2)}\n`);

const problems = bundles.flatMap(({ name, problems }) => problems.map((problem) => `${name} ${problem}`));
if (problems.length > 0 || options.report) {
  for (const { name, initBytes, totalBytes, zipBytes } of bundles) {
    process.stdout.write(`${name}: ${initBytes} bytes at once, ${totalBytes} in all, zip ${zipBytes}\n`);
  }
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exitCode = 1;

/** Folders lie side by side: those of `postgres` and `postgres/alternating-users` are two Lambdas. */
async function write([rotator, { drivers }]) {
  const name = rotator.replaceAll('/', '-');
  const entry = `rotators/${rotator}/lambda.ts`;
  const { metafile, outputFiles } = await bundle(entry, join(OUT, name));
  const { text, without } = licencesOf(metafile, ROOT, ROOT);
  if (without.length > 0)
    throw new Error(`no text of the licence of ${without}, which must go with the bundle`);
  const licences = Buffer.from(text);
  const files = { [LICENCES]: licences };
  await put(join(name, LICENCES), licences);
  for (const { path, contents } of outputFiles) {
    const inside = relative(join(ROOT, OUT, name), path).replaceAll(sep, '/');
    const isMap = inside.endsWith('.map');
    if (!isMap) files[inside] = contents;
    await put(join(isMap ? `../lambda-maps/${name}` : name, inside), contents);
  }
  const described = describe({ metafile, entry, files });
  return { name, ...described, problems: problemsOf(described, { drivers, allDrivers }) };
}

function bundle(entry, outdir) {
  return build({
    absWorkingDir: ROOT,
    entryPoints: { index: entry },
    outdir,
    ...esbuildOptions([withoutUnused, pastIndex(ROOT, { entry, entryOf: bundleEntry })]),
    sourcemap: 'external',
    sourcesContent: false,
  });
}

async function put(path, contents) {
  const file = join(options.into, 'lambda', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, contents);
}
