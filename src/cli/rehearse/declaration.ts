import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

const rotators = () => rotatorsWith('rehearsal.js');

export const REHEARSE = declare({
  name: 'rehearse',
  summary: 'rotate a real credential on this machine alone, and show each step',
  positional: { usage: '[rotator]', choices: rotators },
  about: [
    'Rotates a credential of a real service, with a Secrets Manager in memory. After each of the four steps it uses every ' +
      'version of the secret, and shows which ones the service accepts. It does not need or touch AWS.',
    'For your own rotator, give the path of its manifest: gate/lambda.ts needs gate/rehearsal.ts beside it, which exports ' +
      'startRehearsal.',
  ],
  options: {
    rotations: { value: '<n>', about: 'rotate n times (1)' },
    secret: {
      value: '<file>',
      about:
        'rehearse on your own service, with the secret in this JSON file. At the end it sets the first value again. Until then ' +
        'every value is in <file>.rehearsal; after a crash, the same command sets the first one again',
    },
    yes: { about: 'agree that --secret changes the credential meanwhile' },
    json: { about: 'print one JSON object per step' },
  },
  lists: { rotators },
});

export type RehearseInput = InputOf<typeof REHEARSE>;
