#!/usr/bin/env node
import { COMMANDS, declarations } from './commands.js';
import { didYouMean } from './did-you-mean.js';
import { reportFailure } from './failure.js';
import { helpOfAll } from './help.js';
import { readPackage } from './package.js';
import { widthOf } from './terminal/screen.js';
import { UsageError } from './usage-error.js';

/** Runs a command, without loading the code of the others. Resolves to the exit code. */
async function main([name, ...args]: readonly string[]): Promise<number> {
  switch (name) {
    case '--version':
      process.stdout.write(`${readPackage().version}\n`);
      return 0;
    case undefined:
    case 'help':
    case '--help':
    case '-h':
      process.stdout.write(helpOfAll(declarations(), widthOf()));
      return 0;
  }
  const command = COMMANDS.find(({ declaration }) => declaration.name === name);
  if (command) return command.run(args);
  const names = declarations().map((declaration) => declaration.name);
  throw new UsageError(
    `there is no command ${JSON.stringify(name)}${didYouMean(name, names) || ';'} quarterturn --help lists the commands`,
  );
}

// The reader of our output is gone (`| head`). A command that changes something ends in order, by its Interruption.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  if (process.stdout.listenerCount('error') > 1) return;
  if (code !== 'EPIPE') process.stderr.write(`quarterturn: cannot write to stdout: ${code}\n`);
  process.exit(code === 'EPIPE' ? 143 : 1);
});
process.stderr.on('error', () => {});

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = reportFailure(error);
}
