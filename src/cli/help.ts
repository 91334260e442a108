import { type Declaration, HELP_OPTION, type OptionDeclaration } from './command.js';

/** The column of the options' texts, unless the terminal is narrow. */
const MARGIN = 28;
const NARROW = 64;

/** Returns the text of `quarterturn --help`. */
export function helpOfAll(declarations: readonly Declaration[], width: number): string {
  const entries = [
    ...declarations.map(({ name, summary }) => [name, summary] as const),
    ['--help', 'print this text; after a command, the help of that command'] as const,
    ['--version', 'print the version'] as const,
  ];
  const longest = Math.max(...entries.map(([name]) => name.length));
  return [
    ...wrap('quarterturn: secret rotation for AWS Secrets Manager', width),
    '',
    'usage: quarterturn <command> [options]',
    '',
    ...entries.flatMap(([name, about]) => entry(name, about, longest + 6, width)),
    '',
  ].join('\n');
}

/** Returns the text of `quarterturn <command> --help`. */
export function helpOf(declaration: Declaration, width: number): string {
  const { name, positional, about, options, notes = [], examples = [], exits, lists = {} } = declaration;
  const usage = ['usage: quarterturn', name, positional?.usage, '[options]'].filter(Boolean).join(' ');
  const all = Object.entries({ ...options, ...HELP_OPTION });
  return [
    usage,
    '',
    ...paragraphs(about, width),
    ...all.flatMap(([option, one]) => entry(flagsOf(option, one), aboutOf(one), MARGIN + 2, width)),
    '',
    ...paragraphs(notes, width),
    ...examples.flatMap(({ line, about }) => [
      ...(about === undefined ? [] : wrap(about, width)),
      `  ${line.replaceAll('\n', '\n    ')}`,
    ]),
    ...(examples.length > 0 ? [''] : []),
    ...(exits ? [...paragraphs([exitsInWords(exits)], width)] : []),
    ...Object.entries(lists).map(([title, names]) => `${title}: ${names().join(', ')}`),
    ...(Object.keys(lists).length > 0 ? [''] : []),
  ].join('\n');
}

function exitsInWords(exits: NonNullable<Declaration['exits']>): string {
  return `Exit code 0: ${exits[0]}. 1: ${exits[1]}. 2: the command line is wrong, or a question needs a terminal. 130, 143: interrupted.`;
}

function flagsOf(option: string, { short, value }: OptionDeclaration): string {
  return `${short === undefined ? '' : `-${short}, `}--${option}${value === undefined ? '' : ` ${value}`}`;
}

function aboutOf({ about, default: usual, choices }: OptionDeclaration): string {
  const known = choices === undefined ? '' : `: ${choices.join(', ')}`;
  return `${about}${known}${usual === undefined ? '' : ` (${usual})`}`;
}

/** Returns a name with its meaning beside it, or below it if the terminal is narrow. */
function entry(name: string, about: string, margin: number, width: number): readonly string[] {
  const isNarrow = width < NARROW;
  const indent = isNarrow ? 6 : margin;
  const lines = wrap(about, width - indent).map((line) => ' '.repeat(indent) + line);
  const first = `  ${name}`;
  if (isNarrow || first.length + 2 > indent) return [first, ...lines];
  return [first.padEnd(indent) + (lines[0]?.slice(indent) ?? ''), ...lines.slice(1)];
}

function paragraphs(texts: readonly string[], width: number): readonly string[] {
  return texts.flatMap((text) => [...wrap(text, width), '']);
}

/** Returns the lines of a text, none wider than `width` unless a single word is. */
function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
