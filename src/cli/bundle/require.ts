import { relative, sep } from 'node:path';
import type { Plugin } from 'esbuild';

const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * What is CommonJS within a bundle (pg) asks for Node's own modules, and ES modules have no `require`. This gives it to the
 * file with esbuild's helper that asks for it: a banner of esbuild's is in every file of a bundle.
 */
export const requireWhereAsked: Plugin = {
  name: 'require-where-asked',
  setup({ initialOptions, onEnd }) {
    initialOptions.banner = { js: REQUIRE };
    onEnd(({ metafile, outputFiles = [] }) => {
      for (const file of outputFiles) {
        if (!file.path.endsWith('.mjs') || file.text.includes('typeof require')) continue;
        const path = relative(initialOptions.absWorkingDir ?? process.cwd(), file.path).replaceAll(sep, '/');
        // But for its line break, for the source maps.
        file.contents = file.contents.subarray(REQUIRE.length);
        const output = metafile?.outputs[path];
        if (output) output.bytes = file.contents.length;
      }
    });
  },
};
