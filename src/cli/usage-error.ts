/** The command line is wrong: one line says how, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Does what parses a command line.
 *
 * @throws UsageError for what parseArgs refuses
 */
export function parseCommand<T>(command: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    // parseArgs explains at length; its first sentence says it.
    const [problem = ''] = error instanceof Error ? error.message.split(/\.(?:\s|$)|\n/) : [];
    throw new UsageError(`${problem}; quarterturn ${command} --help lists the options`);
  }
}
