// What it takes to load each bundle, in its own process: time, and the most memory.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { LAMBDA_ENV } from './lambda-env.mjs';
import { buildNaive } from './naive.mjs';
import { median } from './text.mjs';

const LAMBDAS = join(import.meta.dirname, '../../dist/lambda');
const PROBE = join(import.meta.dirname, 'import-probe.mjs');
const run = promisify(execFile);

/** Medians of so many processes for each module: the empty one, the bundles, the naive builds. */
export async function measureImports({ processes, signal }) {
  const folder = await mkdtemp(join(tmpdir(), 'quarterturn-bench-'));
  try {
    const modules = await modulesIn(folder);
    const taken = modules.map(() => []);
    // In turns: if the machine is busy for a while, it is for all alike.
    for (let n = 0; n < processes; n++) {
      for (const [i, module] of modules.entries()) taken[i].push(await load(module, signal));
    }
    return modules.map(({ name, initBytes, zipBytes }, i) => ({
      name,
      initBytes,
      zipBytes,
      ms: median(taken[i].map(({ ms }) => ms)),
      peakMib: median(taken[i].map(({ peakKib }) => peakKib)) / 1024,
    }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function modulesIn(folder) {
  const report = JSON.parse(await readFile(join(LAMBDAS, 'report.json'), 'utf8'));
  const bundles = Object.entries(report).map(([name, { initBytes, zipBytes }]) => ({
    name,
    file: join(LAMBDAS, name, 'index.mjs'),
    initBytes,
    zipBytes,
  }));
  const rotators = Object.values(report).map(({ entry }) => relative('rotators', dirname(entry)));
  const empty = { name: 'empty module', file: join(folder, 'empty.mjs') };
  await writeFile(empty.file, '');
  return [empty, ...bundles, ...(await buildNaive(folder, rotators))];
}

async function load({ name, file }, signal) {
  const { stdout } = await run(process.execPath, [PROBE, pathToFileURL(file).href], {
    env: LAMBDA_ENV,
    signal,
  });
  const { hasHandler, ...taken } = JSON.parse(stdout);
  if (!hasHandler && name !== 'empty module') throw new Error(`${name} exports no handler`);
  return taken;
}
