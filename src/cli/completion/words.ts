import { type Declaration, HELP_OPTION, type OptionDeclaration } from '../command.js';

/** An option as a shell completes it. */
export interface CompletedOption {
  readonly name: string;
  readonly short: string | undefined;
  readonly about: string;
  /** Absent: it is a switch. */
  readonly value: string | undefined;
  readonly choices: readonly string[];
  readonly isFile: boolean;
  readonly repeats: boolean;
}

/** Returns the options of a command, with `--help`. */
export function optionsOf({ options }: Declaration): readonly CompletedOption[] {
  const all: readonly [string, OptionDeclaration][] = Object.entries({ ...options, ...HELP_OPTION });
  return all.map(([name, { short, about, value, choices = [], repeats = false }]) => ({
    ...{ name, short, value, choices, repeats },
    about: about.split(/[:;.](?: |$)/)[0] ?? about,
    isFile: value === '<file>',
  }));
}

/** Returns a text in a shell's single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
