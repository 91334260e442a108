// What a function is that is bundled without a thought: what the bundles in dist/lambda are compared with.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe } from '../../.build/report.mjs';
import { esbuildOptions } from '../../dist/esm/src/cli/bundle/esbuild-options.js';

const ROOT = join(import.meta.dirname, '../..');

/** One file for Postgres. */
const POSTGRES_ALONE = `import { rotationHandler } from './src/index.ts';
  import { postgres } from './rotators/postgres/index.ts';
  export const handler = rotationHandler(postgres());`;

/**
 * Builds them into a folder.
 *
 * @param rotators of all Lambdas, by their paths: 'postgres/alternating-users'
 */
export async function buildNaive(folder, rotators) {
  return [
    await bundle('naive, all rotators', allOf(rotators), join(folder, 'all.mjs')),
    await bundle('naive, Postgres alone', POSTGRES_ALONE, join(folder, 'alone.mjs')),
  ];
}

/** One file for every rotator, of which a variable says the one to run. */
function allOf(rotators) {
  const imports = rotators.map(
    (path, n) => `import { lambda as r${n} } from './rotators/${path}/lambda.ts';`,
  );
  const entries = rotators.map((path, n) => `${JSON.stringify(path)}: r${n}`);
  return `${imports.join('\n')}
    import { rotationHandler } from './src/index.ts';
    const lambdas = { ${entries.join(', ')} };
    export const handler = rotationHandler(lambdas[process.env.ROTATOR ?? 'postgres'].rotator(process.env));`;
}

async function bundle(name, contents, file) {
  const { metafile, outputFiles } = await build({
    absWorkingDir: ROOT,
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    outfile: file,
    write: false,
    bundle: true,
    // From here on as in .build/lambda.mjs. It lacks the main fields, splitting and plugins.
    platform: 'node',
    target: 'node22',
    // Not a thoughtless CommonJS, which takes longer to load: the comparison is to be fair.
    format: 'esm',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    external: esbuildOptions([]).external,
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    // By default esbuild takes its `main`, UMD, which asks for `./impl/format` in a way that no bundler sees: such a
    // bundle ends at its import, and nothing could be compared.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  });
  const [output] = outputFiles;
  await writeFile(file, output.contents);
  const { initBytes, zipBytes } = describe({
    metafile,
    entry: '<stdin>',
    files: { 'index.mjs': output.contents },
  });
  return { name, file, initBytes, zipBytes };
}
