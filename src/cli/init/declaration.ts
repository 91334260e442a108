import { declare, type InputOf } from '../command.js';

export const KINDS = ['password', 'issued-key', 'http-spec'] as const;
export const RUNNERS = ['node', 'jest', 'vitest'] as const;

export const INIT = declare({
  name: 'init',
  summary: 'create your own rotator, with a service in memory and a contract test that passes',
  positional: { usage: '<name>' },
  about: [
    'Writes a folder with a rotator, its manifest lambda.ts, a service in memory, the contract test, and a README with the ' +
      'fields of the secret. All of it works as it is. Make the service behave like yours, then change the rotator until the ' +
      'test passes. An existing file is never overwritten.',
  ],
  options: {
    kind: {
      value: '<kind>',
      about:
        'what it rotates. password: the rotator chooses the credential. issued-key: the provider issues a key, and your code ' +
        'asks for it. http-spec: the same, with a description of the HTTP API in place of code. Kinds',
      choices: KINDS,
      default: 'password',
    },
    test: {
      value: '<runner>',
      about: 'the test runner of the contract test',
      choices: RUNNERS,
      default: 'node',
    },
  },
  notes: ['The guide to your own rotator is node_modules/quarterturn/docs/rotators.md.'],
  examples: [
    { line: 'quarterturn init gate' },
    { line: 'quarterturn init desk --kind issued-key --test vitest' },
  ],
  exits: { 0: 'the folder is written', 1: 'some files exist already, and nothing was written' },
});

export type InitInput = InputOf<typeof INIT>;
