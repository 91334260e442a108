import type { Declaration } from '../command.js';
import { didYouMean } from '../did-you-mean.js';
import { UsageError } from '../usage-error.js';
import { bash } from './bash.js';
import { type CompletionInput, SHELLS } from './declaration.js';
import { fish } from './fish.js';
import { zsh } from './zsh.js';

const SCRIPTS = { bash, zsh, fish };

/** Runs `quarterturn completion`; returns the exit code. */
export function completion({ positionals }: CompletionInput, declarations: readonly Declaration[]): number {
  const [shell, ...rest] = positionals;
  if (shell === undefined || rest.length > 0) {
    throw new UsageError(`completion takes one of ${SHELLS.join(', ')}`);
  }
  const known = SHELLS.find((name) => name === shell);
  if (!known) {
    throw new UsageError(
      `completion takes one of ${SHELLS.join(', ')}, not ${JSON.stringify(shell)}${didYouMean(shell, SHELLS)}`,
    );
  }
  process.stdout.write(SCRIPTS[known](declarations));
  return 0;
}
