import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { PROBING_OPTIONS } from '../doctor/subject-options.js';

export const TEST = declare({
  name: 'test',
  summary: 'find out which version of a secret works: try each with its rotator, and change nothing',
  positional: { usage: '<secret>' },
  about: [
    'Logs in with AWSCURRENT, AWSPENDING, AWSPREVIOUS and every other labelled version, as the rotator’s testSecret does.',
    'unknown: the service could not be asked. locked: it does not let the user in, whatever the password. Neither is a refusal. ' +
      'foreign: the version names another host or user than AWSCURRENT, and is not tried.',
  ],
  options: { ...PROBING_OPTIONS, json: JSON_OPTION },
  examples: [{ line: 'quarterturn test app/db --rotator postgres' }],
  exits: { 0: 'the service accepts AWSCURRENT', 1: 'it does not, or could not be asked' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'reads the labels' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'reads the values that it tries' },
    { action: 'kms:Decrypt', on: 'key', why: 'decrypts values, if the secret uses your own KMS key' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'reads ages, and versions without a label',
    },
  ],
});

export type TestInput = InputOf<typeof TEST>;
