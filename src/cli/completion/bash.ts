import type { Declaration } from '../command.js';
import { optionsOf, quoted } from './words.js';

/** Returns the script for bash 3.2 and later. */
export function bash(declarations: readonly Declaration[]): string {
  const names = [...declarations.map(({ name }) => name), '--help', '--version'];
  return `# bash completion of quarterturn
_quarterturn() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" words=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    words=${quoted(names.join(' '))}
  else
    case "\${COMP_WORDS[1]} $before" in
${declarations.flatMap(values).join('\n')}
    esac
    if [ -z "$words" ]; then
      case "\${COMP_WORDS[1]}" in
${declarations.map(all).join('\n')}
      esac
    fi
  fi
  COMPREPLY=( $(compgen -W "$words" -- "$word") )
}
complete -F _quarterturn quarterturn
`;
}

/** Returns the cases for the values of options. */
function values(declaration: Declaration): readonly string[] {
  return optionsOf(declaration).flatMap(({ name, value, choices, isFile }) => {
    if (value === undefined) return [];
    const pattern = `      ${quoted(`${declaration.name} --${name}`)})`;
    if (isFile) return [`${pattern} COMPREPLY=( $(compgen -f -- "$word") ); return ;;`];
    return [choices.length > 0 ? `${pattern} words=${quoted(choices.join(' '))} ;;` : `${pattern} return ;;`];
  });
}

function all(declaration: Declaration): string {
  const options = optionsOf(declaration).map(({ name }) => `--${name}`);
  const words = [...(declaration.positional?.choices?.() ?? []), ...options];
  return `        ${declaration.name}) words=${quoted(words.join(' '))} ;;`;
}
