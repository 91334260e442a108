import { STEPS } from '../../step.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { SUBJECT_OPTIONS } from '../doctor/subject-options.js';

export const RUN = declare({
  name: 'run',
  summary: 'run the four steps of a rotation here: for a new rotator, or when its function is broken',
  positional: { usage: '<secret>' },
  about: [
    'Does what the rotation function does, with this machine’s rights, network and environment variables. It continues a ' +
      'rotation that is not complete; otherwise it begins a new one, and writes nothing before createSecret. It asks first.',
  ],
  options: {
    step: { value: '<step>', about: 'run this step alone; may be repeated', choices: STEPS, repeats: true },
    now: { about: 'do not wait 15 minutes after the last change. Only if you know that no step is running' },
    yes: { short: 'y', about: 'rotate without asking' },
    ...SUBJECT_OPTIONS,
    json: JSON_OPTION,
  },
  examples: [{ line: 'quarterturn run app/db --rotator postgres --yes' }],
  exits: { 0: 'the steps succeeded', 1: 'a step failed, or no step ran' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'reads the labels' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'reads the values that it rotates' },
    { action: 'secretsmanager:PutSecretValue', on: 'secret', why: 'stores a value in createSecret' },
    {
      action: 'secretsmanager:UpdateSecretVersionStage',
      on: 'secret',
      why: 'moves the labels in finishSecret',
    },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'finds out whether AWSPENDING is newer than AWSCURRENT',
    },
    { action: 'kms:Decrypt', on: 'key', why: 'decrypts values, if the secret uses your own KMS key' },
    { action: 'kms:GenerateDataKey', on: 'key', why: 'encrypts values, if the secret uses your own KMS key' },
  ],
});

export type RunInput = InputOf<typeof RUN>;
