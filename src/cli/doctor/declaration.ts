import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { PROBING_OPTIONS } from './subject-options.js';

export const DOCTOR = declare({
  name: 'doctor',
  summary: 'find out why a secret is stuck, what repairs it, and what not to do',
  positional: { usage: '<secret>' },
  about: [
    'Logs in with as few versions as it needs to see which one works, and names its finding. docs/operate.md has a section for ' +
      'each finding. Without --fix it changes nothing.',
    '--fix asks before each repair, and looks again after it. It moves AWSCURRENT only if AWSCURRENT does not work, and only to ' +
      'a newer version that just worked. It removes AWSPENDING only if AWSCURRENT works and no step can be running. It never ' +
      'undoes what somebody may have done on purpose.',
  ],
  options: {
    fix: { about: 'repair what is safe to repair' },
    here: {
      about:
        'let --fix run the rotation’s four steps on this machine, with its rights. The rotator reads this machine’s ' +
        'environment variables: set those that the function has',
    },
    now: {
      about:
        'do not wait 15 minutes after the last change. Only if you know that nobody is at work and no step is running. Removing ' +
        'AWSPENDING waits all the same',
    },
    wait: {
      value: '<time>',
      about: 'watch so long after AWSPENDING was removed: as long as a step of the function may run',
      default: '15m',
    },
    yes: { short: 'y', about: 'repair without asking' },
    ...PROBING_OPTIONS,
    json: JSON_OPTION,
  },
  examples: [
    { line: 'quarterturn doctor app/db --rotator postgres' },
    { line: 'quarterturn doctor app/db --rotator postgres --fix --here --yes' },
  ],
  exits: { 0: 'nothing is wrong, or no longer', 1: 'something is wrong' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'reads labels, dates and replicas' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'reads the values that it tries' },
    { action: 'kms:Decrypt', on: 'key', why: 'decrypts values, if the secret uses your own KMS key' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'reads ages, and versions without a label; without this right it repairs little',
    },
    { action: 'secretsmanager:UpdateSecretVersionStage', on: 'secret', why: 'with --fix: moves a label' },
    {
      action: 'secretsmanager:PutSecretValue',
      on: 'secret',
      why: 'with --fix --here: stores a value in createSecret',
    },
    {
      action: 'kms:GenerateDataKey',
      on: 'key',
      why: 'with --fix --here: encrypts values, if the secret uses your own KMS key',
    },
  ],
});

export type DoctorInput = InputOf<typeof DOCTOR>;
