import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { SUBJECT_OPTIONS } from '../doctor/subject-options.js';

export const TEST = declare({
  name: 'test',
  summary: 'which version of a secret works: tries each with its rotator, and changes nothing',
  positional: { usage: '<secret>' },
  about: [
    'Logs in with AWSCURRENT, AWSPENDING, AWSPREVIOUS and every other labelled version, as the rotator’s testSecret does. ' +
      'unknown: the service could not be asked. locked: it lets the user in with no password. Neither is a refusal. A version ' +
      'that names another host or user than AWSCURRENT is foreign, and is not tried.',
  ],
  options: { ...SUBJECT_OPTIONS, json: JSON_OPTION },
  examples: [{ line: 'quarterturn test app/db --rotator postgres' }],
  exits: { 0: 'the service takes AWSCURRENT', 1: 'it does not, or could not be asked' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'its labels' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'the values that are tried' },
    { action: 'kms:Decrypt', on: 'key', why: 'with a key of your own' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'ages, and versions without a label',
    },
  ],
});

export type TestInput = InputOf<typeof TEST>;
