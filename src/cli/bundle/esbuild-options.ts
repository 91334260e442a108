import type { BuildOptions, Plugin } from 'esbuild';
import { requireWhereAsked } from './require.js';
import { sdkPlugins } from './sdk.js';

/** Optional packages that drivers do without. */
const ABSENT: readonly string[] = ['pg-native', 'pg-cloudflare', 'cardinal'];

/**
 * Returns the options for a Lambda with the handler `index.handler`, whose drivers are in separate files until they are used.
 *
 * @param plugins run before those that make AWS's SDK small
 */
export function esbuildOptions(plugins: readonly Plugin[]) {
  return {
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    // Not the SDK's CommonJS: esbuild can leave nothing of it out.
    mainFields: ['module', 'main'],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    external: [...ABSENT],
    plugins: [...plugins, ...sdkPlugins(), requireWhereAsked],
  } satisfies BuildOptions;
}
