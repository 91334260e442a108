import { declare, type InputOf } from '../command.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export const COMPLETION = declare({
  name: 'completion',
  summary: 'print a completion script for bash, zsh or fish',
  positional: { usage: '<shell>', choices: () => SHELLS },
  about: [
    'Prints a script that completes commands, options, their choices and rotators. It does not complete names of secrets: Tab ' +
      'makes no call to AWS.',
  ],
  options: {},
  examples: [
    { line: 'eval "$(quarterturn completion bash)"', about: 'in ~/.bashrc:' },
    { line: 'eval "$(quarterturn completion zsh)"', about: 'in ~/.zshrc, after compinit:' },
    { line: 'quarterturn completion fish | source', about: 'in ~/.config/fish/config.fish:' },
  ],
  lists: { shells: () => SHELLS },
});

export type CompletionInput = InputOf<typeof COMPLETION>;
