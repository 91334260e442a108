export type DefineTest = (name: string, run: () => Promise<void>) => void;

/** What some tests need that `npm ci` does not bring. */
export interface Program {
  readonly name: string;
  readonly isInstalled: boolean;
  /** The environment variable that may say `required`. */
  readonly variable: string;
}

/**
 * Tests that need a program. Where it is not installed they are skipped, and a line says how many; where the variable
 * says that it is required, that is a failure.
 */
export function describeInstalled(
  { name, isInstalled, variable }: Program,
  title: string,
  define: (test: DefineTest) => void,
): void {
  if (isInstalled) {
    describe(title, () => define(test));
    return;
  }
  if (process.env[variable] === 'required') throw new Error(`${name} is not installed`);
  let count = 0;
  describe.skip(title, () =>
    define((title, run) => {
      count++;
      test(title, run);
    }),
  );
  process.stderr.write(`${count} tests skipped: ${name} is not installed (${title})\n`);
}
