import { BUNDLE } from './bundle/declaration.js';
import { type Declaration, type Input, JSON_OPTION, type Options, parseCommandLine } from './command.js';
import { COMPLETION } from './completion/declaration.js';
import { DOCTOR } from './doctor/declaration.js';
import { reportFailure } from './failure.js';
import { helpOf } from './help.js';
import { INIT } from './init/declaration.js';
import { LOCAL } from './local/declaration.js';
import { POLICY } from './policy/declaration.js';
import { REHEARSE } from './rehearse/declaration.js';
import { ROTATE } from './rotate/declaration.js';
import { RUN } from './run/declaration.js';
import { STATUS } from './status/declaration.js';
import { widthOf } from './terminal/screen.js';
import { TEST } from './test/declaration.js';

/** A command whose code is loaded when it runs. */
export interface Command {
  readonly declaration: Declaration;
  /** Resolves to the exit code. */
  run(args: readonly string[]): Promise<number>;
}

export const COMMANDS: readonly Command[] = [
  command(STATUS, async () => (await import('./status/status.js')).status),
  command(ROTATE, async () => (await import('./rotate/rotate.js')).rotate),
  command(TEST, async () => (await import('./test/test.js')).test),
  command(DOCTOR, async () => (await import('./doctor/doctor.js')).doctor),
  command(RUN, async () => (await import('./run/run.js')).run),
  command(INIT, async () => (await import('./init/init.js')).init),
  command(BUNDLE, async () => (await import('./bundle/bundle.js')).bundle),
  command(LOCAL, async () => (await import('./local/local.js')).local),
  command(POLICY, async () => {
    const { policy } = await import('./policy/policy.js');
    return (input) => policy(input, declarations());
  }),
  command(REHEARSE, async () => (await import('./rehearse/rehearse.js')).rehearse),
  command(COMPLETION, async () => {
    const { completion } = await import('./completion/completion.js');
    return async (input) => completion(input, declarations());
  }),
];

export function declarations(): readonly Declaration[] {
  return COMMANDS.map(({ declaration }) => declaration);
}

function command<O extends Options>(
  declaration: Declaration<O>,
  load: () => Promise<(input: Input<O>) => Promise<number>>,
): Command {
  return {
    declaration,
    async run(args) {
      try {
        const input = parseCommandLine(declaration, args);
        if (input !== 'help') return await (await load())(input);
        process.stdout.write(helpOf(declaration, widthOf()));
        return 0;
      } catch (error) {
        const asJson = declaration.options.json === JSON_OPTION && args.includes('--json');
        return reportFailure(error, asJson);
      }
    },
  };
}
