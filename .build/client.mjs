// Makes one file of the client's entry point, in place of the one that the compiler made: an application waits for each file
// that it imports. What it shares with a pool's entry point stays a separate file, so that each module is loaded once.
import { join } from 'node:path';
import { buildSync } from 'esbuild';

const [folder, format] = process.argv.slice(2);
buildSync({
  entryPoints: [join(import.meta.dirname, '../src/client/index.ts')],
  outfile: join(folder, 'src/client/index.js'),
  format,
  bundle: true,
  platform: 'node',
  target: 'es2022',
  packages: 'external',
  external: ['./secret-error.js', './events.js'],
  // Jest, in CommonJS, knows no import() without a flag.
  supported: { 'dynamic-import': format === 'esm' },
  allowOverwrite: true,
  // As for-bundlers.mjs has it for what imports a package at once: here the SDK is imported later.
  ...(format === 'esm' && { banner: { js: "import '#global-require';" } }),
  logLevel: 'warning',
});
