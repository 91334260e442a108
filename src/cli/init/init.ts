import { lstatSync } from 'node:fs';
import { mkdir, open, rm, rmdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { line, say } from '../terminal/screen.js';
import { UsageError } from '../usage-error.js';
import type { InitInput } from './declaration.js';
import { filesOf } from './files.js';
import { RUNNER } from './runners.js';

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;

/** Runs `quarterturn init`; resolves to the exit code. */
export async function init({ options, positionals }: InitInput): Promise<number> {
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0)
    throw new UsageError('init takes one name: quarterturn init gate');
  if (!NAME.test(name)) {
    throw new UsageError(
      'init takes a name of lower-case letters, digits and single hyphens, such as door-lock',
    );
  }
  const files = filesOf(name, options);
  const taken = [...files.keys()].map((file) => join(name, file)).filter(isTaken);
  if (taken.length > 0) {
    say(`nothing was written: these files exist already: ${taken.join(', ')}`);
    return 1;
  }
  await writeAll(name, files);
  line(`${name}/: ${[...files.keys()].join(', ')}`);
  line();
  for (const command of nextCommands(name, options.test)) line(`  ${command}`);
  return 0;
}

/** Whether there is something by this name: also a link that leads nowhere. */
function isTaken(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false; // Its folder is a file, as `mkdir` will say.
  }
}

/** Writes all files or none: half of them would keep the next `init` from writing the others. */
async function writeAll(folder: string, files: ReadonlyMap<string, string>): Promise<void> {
  const made = [];
  try {
    if ((await mkdir(folder, { recursive: true })) !== undefined) made.push(folder);
    for (const [file, text] of files) {
      const path = join(folder, file);
      // `wx`: a file that appeared meanwhile is not overwritten either.
      const handle = await open(path, 'wx');
      made.push(path);
      await handle.writeFile(text).finally(() => handle.close());
    }
  } catch (error) {
    // The folder last, if nobody has put anything into it.
    for (const path of made.reverse()) await (path === folder ? rmdir(path) : rm(path)).catch(() => {});
    throw error instanceof Error ? new Error(`nothing was written: ${error.message}`) : error;
  }
}

function nextCommands(name: string, test: string): readonly string[] {
  const runner = RUNNER[test as keyof typeof RUNNER];
  const packages = [...(isInstalled() ? [] : ['quarterturn']), 'esbuild', ...runner.packages];
  return [
    `npm install --save-dev ${packages.join(' ')}`,
    runner.command(name),
    `npx quarterturn bundle ${name}/lambda.ts`,
  ];
}

/** Whether files in this project can import this package. */
function isInstalled(): boolean {
  try {
    createRequire(resolve('index.js')).resolve('quarterturn');
    return true;
  } catch {
    return false;
  }
}
