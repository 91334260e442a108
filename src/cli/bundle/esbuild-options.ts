import type { BuildOptions, Plugin } from 'esbuild';
import { requireWhereAsked } from './require.js';
import { sdkPlugins } from './sdk.js';

/** Drivers ask for them, and do without. */
const ABSENT: readonly string[] = ['pg-native', 'pg-cloudflare', 'cardinal'];

/**
 * How esbuild makes a Lambda with the handler `index.handler`, of which drivers wait in files of their own until they are
 * used. Ours are made so, and those of others.
 *
 * @param plugins those that take a source before the ones which make AWS's SDK small
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
    // Not the SDK's CommonJS, of which nothing can be left out.
    mainFields: ['module', 'main'],
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
    external: [...ABSENT],
    plugins: [...plugins, ...sdkPlugins(), requireWhereAsked],
  } satisfies BuildOptions;
}
