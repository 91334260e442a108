import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * Gives `require` to the file with esbuild's CommonJS helper: CommonJS in a bundle (pg) requires Node's own modules. An esbuild
 * banner would be in every file of the bundle.
 */
export const requireWhereAsked: Plugin = {
  name: 'require-where-asked',
  setup({ initialOptions, onEnd }) {
    initialOptions.banner = { js: REQUIRE };
    onEnd(({ metafile, outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (!file.path.endsWith('.mjs') || file.text.includes('typeof require')) continue;
        const path = relative(initialOptions.absWorkingDir ?? process.cwd(), file.path).replaceAll(sep, '/');
        // Its line break stays, for the source maps.
        file.contents = file.contents.subarray(REQUIRE.length);
        const output = metafile?.outputs[path];
        if (output) output.bytes = file.contents.length;
      }
    });
  },
};
