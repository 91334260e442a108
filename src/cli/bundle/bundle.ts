import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { BuildFailure, BuildResult, Message } from 'esbuild';
import { nameOf } from '../manifest.js';
import { line, say, sayHint } from '../terminal/screen.js';
import { UsageError } from '../usage-error.js';
import type { BundleInput } from './declaration.js';
import { esbuildOptions } from './esbuild-options.js';
import { licencesOf } from './licences.js';
import { bytesAtInit } from './reach.js';
import { assertReplaceable, assertWithoutSources, replaceBundle } from './replacement.js';

type Esbuild = Pick<typeof import('esbuild'), 'build'>;

/** The folder of this package, from where this file is when built. */
const OURS = fileURLToPath(new URL('../../../../../', import.meta.url));

/** Runs `quarterturn bundle`; resolves to the exit code. */
export async function bundle({ options, positionals }: BundleInput): Promise<number> {
  const [what, ...rest] = positionals;
  if (what === undefined || rest.length > 0) {
    throw new UsageError('bundle takes one module that exports lambda: quarterturn bundle gate/lambda.ts');
  }
  const entry = resolve(what);
  if (!statSync(entry, { throwIfNoEntry: false })?.isFile()) {
    throw new UsageError(`there is no file ${entry}: give the module that exports lambda`);
  }
  const out = resolve(options.out ?? join('dist/lambda', nameOf(entry)));
  await assertReplaceable(out);
  const esbuild = await loadEsbuild(entry);
  const result = await build(esbuild, entry, out);
  if (!result) return 1;
  const inputs = Object.keys(result.metafile.inputs).map((input) => resolve(input));
  await assertWithoutSources(out, inputs);
  const { text, without } = licencesOf(result.metafile, process.cwd(), OURS);
  await replaceBundle(out, result.outputFiles, text);
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
    // Of a module without any export, esbuild only warns: the function would not start.
    return isWithLambda(result.warnings) ? result : undefined;
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>;
    if (!errors) throw error;
    isWithLambda(errors);
    return undefined;
  }
}

/** Prints what esbuild says, and returns whether none of it is that the module does not export `lambda`. */
function isWithLambda(messages: readonly Message[]): boolean {
  for (const each of messages) say(sentence(each));
  const isWith = !messages.some(({ text }) => /\bimport "lambda"/i.test(text));
  if (!isWith) sayHint('the module must export lambda = defineLambda({ rotator: … })');
  return isWith;
}

function sentence({ text, location }: Message): string {
  return location ? `${text} (line ${location.line} of ${location.file})` : text;
}
