import { parseArgs } from 'node:util';
import { didYouMean } from './did-you-mean.js';
import { UsageError } from './usage-error.js';

/** An option of a command. It feeds the parser, `--help`, completion and "did you mean". */
export interface OptionDeclaration {
  /** What follows it, for people: `<file>`. Absent: it is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly about: string;
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Whether it may be given more than once. */
  readonly repeats?: true;
}

export type Options = Readonly<Record<string, OptionDeclaration>>;

/** What stands on the command line beside the options. */
interface PositionalDeclaration {
  /** As the usage shows it: `[rotator]`, `<secret>…`. */
  readonly usage: string;
  /** What completion offers. */
  readonly choices?: (() => readonly string[]) | undefined;
}

/** A line to try, and what it does. A test runs each, and compares what it prints. */
interface Example {
  readonly line: string;
  readonly about?: string;
}

/** A right that whoever runs the command needs: `quarterturn policy --for operator` prints it. */
export interface Right {
  readonly action: string;
  /** `all`: IAM knows no resource for it. */
  readonly on: 'secret' | 'key' | 'function' | 'all';
  readonly why: string;
}

/** Everything that is known of a command without running it. There is one of these a command. */
export interface Declaration<O extends Options = Options> {
  readonly name: string;
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly positional?: PositionalDeclaration;
  /** Paragraphs: what it does. */
  readonly about: readonly string[];
  readonly options: O;
  /** Paragraphs that follow the options. */
  readonly notes?: readonly string[];
  readonly examples?: readonly Example[];
  /** What it does in AWS, with the rights of whoever runs it. */
  readonly rights?: readonly Right[];
  /** What the exit codes 0 and 1 mean; the others mean the same for all commands. */
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

/** What the command line asks for. */
export interface Input<O extends Options> {
  readonly options: { readonly [K in keyof O]: Value<O[K]> };
  readonly positionals: readonly string[];
}

/** A declaration with the types of its options. */
export function declare<const O extends Options>(declaration: Declaration<O>): Declaration<O> {
  return declaration;
}

/** Of commands that print JSON whatever happens: an error is an object on stdout, too. */
export const JSON_OPTION = { about: 'JSON for machines, one object a line' } as const;

/** What a command is run with. */
export type InputOf<D> = D extends Declaration<infer O> ? Input<O> : never;

/** Of every command. */
export const HELP_OPTION = { help: { short: 'h', about: 'this text' } } as const;

/**
 * Reads a command line.
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
    // parseArgs explains at length; its first sentence says it.
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
    if (text === '') throw new UsageError(`--${option} takes ${inWords(value)}, not an empty text`);
    if (choices && !choices.includes(text)) {
      throw new UsageError(
        `--${option} takes ${choices.join(' or ')}, not ${JSON.stringify(text)}${didYouMean(text, choices)}`,
      );
    }
  }
  return repeats ? texts : texts[0];
}

/** `<file>` is a file. */
function inWords(value: string): string {
  return value.replace(/^<(\w+)>$/, (_, word: string) => `${/^[aeio]/.test(word) ? 'an' : 'a'} ${word}`);
}
