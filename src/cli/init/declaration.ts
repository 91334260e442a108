import { declare, type InputOf } from '../command.js';

export const KINDS = ['password', 'issued-key', 'http-spec'] as const;
export const RUNNERS = ['node', 'jest', 'vitest'] as const;

export const INIT = declare({
  name: 'init',
  summary: 'begin a rotator of your own, with its service in memory and a contract test that passes',
  positional: { usage: '<name>' },
  about: [
    'Writes a folder with a rotator, its manifest `lambda.ts`, a service in memory that it rotates on, the contract test, and a ' +
      'README with the fields of the secret. All of it works as it is: change the service into what yours does, then the ' +
      'rotator, and the test says what is missing. A file that is there is never overwritten.',
  ],
  options: {
    kind: {
      value: '<kind>',
      about:
        'password: the rotator chooses the credential. issued-key: the provider does, and code asks it. http-spec: likewise, and ' +
        'a description of its HTTP API does without code',
      choices: KINDS,
      default: 'password',
    },
    test: { value: '<runner>', about: 'what runs the contract test', choices: RUNNERS, default: 'node' },
  },
  notes: ['The guide to your own rotator is node_modules/quarterturn/docs/rotators.md.'],
  examples: [
    { line: 'quarterturn init gate' },
    { line: 'quarterturn init desk --kind issued-key --test vitest' },
  ],
  exits: { 0: 'the folder is written', 1: 'files of it are there already, and nothing was written' },
});

export type InitInput = InputOf<typeof INIT>;
