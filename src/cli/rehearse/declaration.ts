import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

const rotators = () => rotatorsWith('rehearsal.js');

export const REHEARSE = declare({
  name: 'rehearse',
  summary: 'rotate a real credential, on this machine alone, and show each step',
  positional: { usage: '[rotator]', choices: rotators },
  about: [
    'Rotates a real credential of a real service against a Secrets Manager in memory, and shows after each of the four ' +
      'steps which versions of the secret the service accepts, found out by using them. Nothing of AWS is needed or touched. A rotator of your ' +
      'own is given as the path of its manifest: gate/rehearsal.ts beside gate/lambda.ts exports `startRehearsal`.',
  ],
  options: {
    rotations: { value: '<n>', about: 'rotate n times (1)' },
    secret: {
      value: '<file>',
      about:
        'rehearse on your own service, with the secret in this JSON file, and not on one that is started for it. In the end ' +
        'the first value is set again; until then every value is in <file>.rehearsal, and after a crash the same command ' +
        'sets the first one again.',
    },
    yes: { about: 'with --secret: yes, change the credential meanwhile' },
    json: { about: 'one JSON object a step' },
  },
  lists: { rotators },
});

export type RehearseInput = InputOf<typeof REHEARSE>;
