import { CONNECTION_OPTIONS } from '../aws/connection.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';

export const ROTATE = declare({
  name: 'rotate',
  summary: 'rotate a secret now, and follow it to the end',
  positional: { usage: '<secret>' },
  about: [
    'Has Secrets Manager rotate a secret with its own function, and looks at the labels until the new version is AWSCURRENT. ' +
      'It refuses a secret whose rotation somebody has turned off, a replica, one that is going to be deleted, and one that ' +
      'another service manages. Nothing of its schedule changes, and no value is read.',
  ],
  options: {
    yes: { short: 'y', about: 'yes, rotate it: do not ask' },
    wait: { about: 'follow it to its end, which it does anyway' },
    'no-wait': { about: 'begin it, and do not wait' },
    timeout: { value: '<time>', about: 'wait for so long: 90s, 15m, 1h', default: '15m' },
    quiet: { short: 'q', about: 'print no progress' },
    json: JSON_OPTION,
    ...CONNECTION_OPTIONS,
  },
  notes: [
    'Ctrl-C ends the waiting, not the rotation: quarterturn status shows how it goes on. What the function says of a failure ' +
      'is in its log; quarterturn doctor finds out where it stopped.',
  ],
  examples: [{ line: 'quarterturn rotate app/db --yes' }],
  exits: { 0: 'it is rotated, or with --no-wait: begun', 1: 'it is not rotated, or not yet' },
  rights: [
    {
      action: 'secretsmanager:DescribeSecret',
      on: 'secret',
      why: 'whether it may be rotated, and how it goes on',
    },
    { action: 'secretsmanager:RotateSecret', on: 'secret', why: 'begins the rotation' },
    { action: 'lambda:InvokeFunction', on: 'function', why: 'AWS asks it of whoever calls RotateSecret' },
  ],
});

export type RotateInput = InputOf<typeof ROTATE>;
