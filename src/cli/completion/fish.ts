import type { Declaration } from '../command.js';
import { type CompletedOption, optionsOf } from './words.js';

/** Returns the script for fish. */
export function fish(declarations: readonly Declaration[]): string {
  const first = declarations.map(
    ({ name, summary }) =>
      `complete -c quarterturn -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
  );
  return [
    '# fish completion of quarterturn',
    'complete -c quarterturn -f',
    ...first,
    'complete -c quarterturn -n __fish_use_subcommand -l help',
    'complete -c quarterturn -n __fish_use_subcommand -l version',
    ...declarations.flatMap(lines),
    '',
  ].join('\n');
}

function lines(declaration: Declaration): readonly string[] {
  const begin = `complete -c quarterturn -n '__fish_seen_subcommand_from ${declaration.name}'`;
  const choices = declaration.positional?.choices?.() ?? [];
  return [
    ...optionsOf(declaration).map((option) => `${begin} ${spec(option)}`),
    ...(choices.length > 0 ? [`${begin} -a ${quoted(choices.join(' '))}`] : []),
  ];
}

function spec({ name, short, about, value, choices, isFile }: CompletedOption): string {
  const follows = value === undefined ? [] : isFile ? ['-r', '-F'] : ['-x'];
  return [
    ...(short === undefined ? [] : [`-s ${short}`]),
    `-l ${name}`,
    ...follows,
    ...(choices.length > 0 ? [`-a ${quoted(choices.join(' '))}`] : []),
    `-d ${quoted(about)}`,
  ].join(' ');
}

/** Returns a text in single quotes, in which fish knows two escapes. */
function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
