import { parseArgs } from 'node:util';
import { didYouMean } from './did-you-mean.js';
import { UsageError } from './usage-error.js';

/** An option of a command. It feeds the parser, `--help`, completion and "did you mean". */
export interface OptionDeclaration {
  /** The placeholder of its value in `--help`: `<file>`. Absent: it is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly about: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Whether it may be given more than once. */
  readonly repeats?: true;
}

export type Options = Readonly<Record<string, OptionDeclaration>>;

/** The arguments of a command that are not options. */
interface PositionalDeclaration {
  /** As the usage shows it: `[rotator]`, `<secret>…`. */
  readonly usage: string;
  /** The words that completion offers. */
  readonly choices?: (() => readonly string[]) | undefined;
}

/** A line to try, and what it does. A test runs each, and compares its output. */
interface Example {
  readonly line: string;
  readonly about?: string;
}

/** A right that an operator needs to run the command: `quarterturn policy --for operator` prints it. */
export interface Right {
  readonly action: string;
  /** `all`: IAM has no resource type for the action. */
  readonly on: 'secret' | 'key' | 'function' | 'all';
  readonly why: string;
}

/** Describes a command to the parser, `--help`, completion and `policy --for operator`. */
export interface Declaration<O extends Options = Options> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly positional?: PositionalDeclaration;
  /** Paragraphs: what it does. */
  readonly about: readonly string[];
  readonly options: O;
  /** Paragraphs after the options. */
  readonly notes?: readonly string[];
  readonly examples?: readonly Example[];
  /** The rights in AWS that it needs from the operator. */
  readonly rights?: readonly Right[];
  /** The meaning of the exit codes 0 and 1; the others mean the same for all commands. */
  readonly exits?: { readonly 0: string; readonly 1: string };
  /** Names to choose from, on one line at the end of `--help`. */
  readonly lists?: Readonly<Record<string, () => readonly string[]>>;
}

type Value<D extends OptionDeclaration> = D extends { readonly value: string }
  ? D extends { readonly repeats: true }
    ? readonly string[]
    : D extends { readonly default: string }
      ? string
      : string | undefined
  : boolean;

/** A parsed command line. */
export interface Input<O extends Options> {
  readonly options: { readonly [K in keyof O]: Value<O[K]> };
  readonly positionals: readonly string[];
}

/** Returns a declaration, with the types of its options. */
export function declare<const O extends Options>(declaration: Declaration<O>): Declaration<O> {
  return declaration;
}

/** For commands that always print JSON with `--json`: an error, too, is an object on stdout. */
export const JSON_OPTION = { about: 'print JSON, one object per line' } as const;

/** The {@link Input} of a declaration. */
export type InputOf<D> = D extends Declaration<infer O> ? Input<O> : never;

export const HELP_OPTION = { help: { short: 'h', about: 'print this text' } } as const;

/**
 * Parses a command line.
 *
 * @throws UsageError
 */
export function parseCommandLine<O extends Options>(
  { name, options, positional }: Declaration<O>,
  args: readonly string[],
): Input<O> | 'help' {
  const all: Options = { ...options, ...HELP_OPTION };
  const { values, positionals } = parse(name, all, positional !== undefined, args);
  if (values.help === true) return 'help';
  const read = Object.entries(options).map(([option, declaration]) => [
    option,
    chosen(option, declaration, values[option]),
  ]);
  return { options: Object.fromEntries(read), positionals };
}

function parse(command: string, options: Options, allowPositionals: boolean, args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value, short, repeats = false }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string', multiple: repeats, ...(short && { short }) },
        ]),
      ),
    });
  } catch (error) {
    // parseArgs explains at length; its first sentence is enough.
    const [problem = ''] = error instanceof Error ? error.message.split(/\.(?:\s|$)|\n/) : [];
    const [, unknown] = /^Unknown option '--([^'=]+)'/.exec(problem) ?? [];
    const meant = unknown === undefined ? '' : didYouMean(unknown, Object.keys(options), '--');
    throw new UsageError(`${problem}${meant || ';'} quarterturn ${command} --help lists the options`);
  }
}

type Parsed = ReturnType<typeof parse>['values'][string];

function chosen(
  option: string,
  { value, choices, repeats, ...declaration }: OptionDeclaration,
  given: Parsed,
) {
  if (value === undefined) return given === true;
  const texts = [given ?? declaration.default ?? []].flat().filter((text) => typeof text === 'string');
  for (const text of texts) {
    if (text === '') throw new UsageError(`--${option} takes ${inWords(value)}, not an empty string`);
    if (choices && !choices.includes(text)) {
      throw new UsageError(
        `--${option} takes ${choices.join(' or ')}, not ${JSON.stringify(text)}${didYouMean(text, choices)}`,
      );
    }
  }
  return repeats ? texts : texts[0];
}

/** Returns `a file` for `<file>`. */
function inWords(value: string): string {
  return value.replace(/^<(\w+)>$/, (_, word: string) => `${/^[aeio]/.test(word) ? 'an' : 'a'} ${word}`);
}
