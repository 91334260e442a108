import { STEPS } from '../../step.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { SUBJECT_OPTIONS } from '../doctor/subject-options.js';

export const RUN = declare({
  name: 'run',
  summary:
    'take the four steps of a rotation here: for a rotator in the making, or when its function is broken',
  positional: { usage: '<secret>' },
  about: [
    'Does what the rotation function does, with this machine’s rights and network, and the rotator as this machine’s environment ' +
      'makes it. A rotation that is not complete is gone on with; else a new one begins, and nothing is written before ' +
      'createSecret. It asks first.',
  ],
  options: {
    step: { value: '<step>', about: 'take this step alone; may be repeated', choices: STEPS, repeats: true },
    now: { about: 'go on although something has changed within 15 minutes: no step is running' },
    yes: { short: 'y', about: 'yes, rotate it: do not ask' },
    ...SUBJECT_OPTIONS,
    json: JSON_OPTION,
  },
  examples: [{ line: 'quarterturn run app/db --rotator postgres --yes' }],
  exits: { 0: 'the steps were taken', 1: 'one failed, or none was taken' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'its labels' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'the values that are rotated' },
    { action: 'secretsmanager:PutSecretValue', on: 'secret', why: 'createSecret' },
    { action: 'secretsmanager:UpdateSecretVersionStage', on: 'secret', why: 'finishSecret' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'whether AWSPENDING is newer than AWSCURRENT',
    },
    { action: 'kms:Decrypt', on: 'key', why: 'with a key of your own' },
    { action: 'kms:GenerateDataKey', on: 'key', why: 'with a key of your own' },
  ],
});

export type RunInput = InputOf<typeof RUN>;
