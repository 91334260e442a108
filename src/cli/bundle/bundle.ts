import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, BuildResult, Message } from 'esbuild';
import { nameOf } from '../manifest.js';
import { line, say, sayHint } from '../terminal/screen.js';
import { UsageError } from '../usage-error.js';
import type { BundleInput } from './declaration.js';
import { esbuildOptions } from './esbuild-options.js';
import { LICENCES, licencesOf } from './licences.js';
import { bytesAtInit } from './reach.js';

type Esbuild = Pick<typeof import('esbuild'), 'build'>;

/** The folder of this package, from where this file is when built. */
const OURS = fileURLToPath(new URL('../../../../../', import.meta.url));
/** The parts of a bundle: the next one may replace them. */
const PARTS = ['index.mjs', 'chunks', LICENCES];

/** Runs `quarterturn bundle`; resolves to the exit code. */
export async function bundle({ options, positionals }: BundleInput): Promise<number> {
  const [what, ...rest] = positionals;
  if (what === undefined || rest.length > 0) {
    throw new UsageError('bundle takes one module that exports lambda: quarterturn bundle gate/lambda.ts');
  }
  const entry = resolve(what);
  if (!existsSync(entry)) throw new UsageError(`there is no module at ${entry}`);
  const out = resolve(options.out ?? join('dist/lambda', nameOf(entry)));
  await assertReplaceable(out);
  const esbuild = await loadEsbuild(entry);
  const result = await build(esbuild, entry, out);
  if (!result) return 1;
  const { text, without } = licencesOf(result.metafile, process.cwd(), OURS);
  await rm(join(out, 'chunks'), { recursive: true, force: true });
  for (const { path, contents } of result.outputFiles) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
  }
  await writeFile(join(out, LICENCES), text);
  for (const name of without) {
    say(`the package ${name} contains no licence text: check whether its licence must go with the bundle`);
  }
  const total = result.outputFiles.reduce((sum, { contents }) => sum + contents.length, 0);
  const place = relative(process.cwd(), out) || '.';
  line(`${place}: handler index.handler, ${bytesAtInit(result.metafile)} bytes at init, ${total} in all`);
  return 0;
}

/** Loads esbuild from the rotator's project, or from where this package is. */
async function loadEsbuild(entry: string): Promise<Esbuild> {
  for (const from of [entry, fileURLToPath(import.meta.url)]) {
    try {
      return await import(pathToFileURL(createRequire(from).resolve('esbuild')).href);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error('bundle needs esbuild, and it is not installed: npm install --save-dev esbuild@^0.28.2');
}

/** Refuses a folder with other files: they must be neither deleted nor deployed. */
async function assertReplaceable(out: string): Promise<void> {
  const names = existsSync(out) ? await readdir(out) : [];
  const other = names.find((name) => !PARTS.includes(name));
  if (other !== undefined) {
    throw new UsageError(
      `${out} contains ${other}, which does not belong to a bundle: choose another folder with --out`,
    );
  }
}

type Result = BuildResult<ReturnType<typeof esbuildOptions>>;

/** Returns what esbuild makes; undefined if it failed, with the reason printed. */
async function build({ build }: Esbuild, entry: string, outdir: string): Promise<Result | undefined> {
  // The function makes its rotator once, when it is loaded. The export is for the commands that read a bundle's manifest.
  const contents = `import { lambda } from ${JSON.stringify(entry)};
import { lambdaHandler } from 'quarterturn';
export { lambda };
export const handler = lambdaHandler(lambda);`;
  try {
    const result = await build({
      ...esbuildOptions([]),
      absWorkingDir: process.cwd(),
      stdin: { contents, resolveDir: dirname(entry), sourcefile: 'the handler', loader: 'js' },
      entryNames: 'index',
      outdir,
      logLevel: 'silent',
    });
    for (const warning of result.warnings) say(sentence(warning));
    return result;
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (!errors) throw error;
    for (const each of errors) say(sentence(each));
    if (errors.some(({ text }) => text.includes('for import "lambda"'))) {
      sayHint('the module must export lambda = defineLambda({ rotator: … })');
    }
    return undefined;
  }
}

function sentence({ text, location }: Message): string {
  return location ? `${text} (line ${location.line} of ${location.file})` : text;
}
