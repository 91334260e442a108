import { CONNECTION_OPTIONS } from '../aws/connection.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';

export const ROTATE = declare({
  name: 'rotate',
  summary: 'rotate a secret now, and follow it to the end',
  positional: { usage: '<secret>' },
  about: [
    'Makes Secrets Manager rotate a secret with its own function, and watches the labels until the new version is AWSCURRENT. ' +
      'The schedule stays as it is. No value is read.',
    'It refuses a secret whose rotation is off or not complete. It also refuses a replica, a secret that is marked for ' +
      'deletion, and one that another service manages.',
  ],
  options: {
    yes: { short: 'y', about: 'rotate without asking' },
    wait: { about: 'wait for the end of the rotation (the default)' },
    'no-wait': { about: 'start the rotation, and do not wait for its end' },
    timeout: { value: '<time>', about: 'longest wait: 90s, 15m, 1h', default: '15m' },
    quiet: { short: 'q', about: 'print no progress' },
    json: JSON_OPTION,
    ...CONNECTION_OPTIONS,
  },
  notes: [
    'Ctrl-C ends the waiting, not the rotation: quarterturn status shows its progress. If the rotation fails, quarterturn ' +
      'doctor finds out where it stopped, and the function’s log says why.',
  ],
  examples: [{ line: 'quarterturn rotate app/db --yes' }],
  exits: {
    0: 'the secret is rotated, or with --no-wait: the rotation began',
    1: 'it is not rotated, or not yet',
  },
  rights: [
    {
      action: 'secretsmanager:DescribeSecret',
      on: 'secret',
      why: 'reads whether rotation is possible, and its progress',
    },
    { action: 'secretsmanager:RotateSecret', on: 'secret', why: 'begins the rotation' },
    { action: 'lambda:InvokeFunction', on: 'function', why: 'AWS requires it of the caller of RotateSecret' },
  ],
});

export type RotateInput = InputOf<typeof ROTATE>;
