import type { Declaration } from '../command.js';
import { type CompletedOption, optionsOf, quoted } from './words.js';

/** Returns the script for zsh: for eval after compinit, or as the file _quarterturn in a folder of fpath. */
export function zsh(declarations: readonly Declaration[]): string {
  const commands = declarations.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`);
  return `#compdef quarterturn
_quarterturn() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe -t commands command commands
    compadd -- --help --version
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${declarations.map(branch).join('\n')}
  esac
}
if [ "$funcstack[1]" = _quarterturn ]; then
  _quarterturn "$@"
else
  compdef _quarterturn quarterturn
fi
`;
}

function branch(declaration: Declaration): string {
  const specs = optionsOf(declaration).map(spec);
  const choices = declaration.positional?.choices?.() ?? [];
  const positional = choices.length > 0 ? [quoted(`1:name:(${choices.join(' ')})`)] : [];
  return `    ${declaration.name})\n      _arguments ${[...specs, ...positional].join(' \\\n        ')} ;;`;
}

function spec({ name, short, about, value, choices, isFile, repeats }: CompletedOption): string {
  const text = about.replace(/[[\]:\\]/g, '\\$&');
  const action = isFile ? '_files' : choices.length > 0 ? `(${choices.join(' ')})` : ' ';
  const follows = value === undefined ? '' : `:${value.replace(/[<>:]/g, '')}:${action}`;
  const one = (flag: string) => quoted(`${repeats ? '*' : ''}${flag}[${text}]${follows}`);
  return [...(short === undefined ? [] : [one(`-${short}`)]), one(`--${name}`)].join(' ');
}
