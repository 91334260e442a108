import { declare, type InputOf, JSON_OPTION } from '../command.js';
import { SUBJECT_OPTIONS } from './subject-options.js';

export const DOCTOR = declare({
  name: 'doctor',
  summary: 'what is the matter with a stuck secret, what repairs it, and what must not be done',
  positional: { usage: '<secret>' },
  about: [
    'Tries no more versions than it takes to find out which one works, and names what it has found: docs/operate.md has a ' +
      'section for each finding. It changes nothing without --fix.',
    '--fix makes one repair at a time, asks before each, and looks again after it. It moves AWSCURRENT only to a newer version ' +
      'that was just seen to work, while AWSCURRENT does not. It takes AWSPENDING off only where AWSCURRENT works, and no step ' +
      'can be running. What somebody may have done on purpose it leaves as it is.',
  ],
  options: {
    fix: { about: 'repair what can be repaired without harm' },
    here: {
      about:
        'let --fix take the rotation’s four steps here, with this machine’s rights and the rotator as this machine’s environment ' +
        'makes it',
    },
    now: {
      about:
        'take a rotation for stuck although something has changed within 15 minutes: nobody is at work, and no step is running. AWSPENDING is not taken off before they have passed all the same',
    },
    wait: {
      value: '<time>',
      about:
        'for how long to look on after AWSPENDING was taken off: as long as a step of the function may run',
      default: '15m',
    },
    yes: { short: 'y', about: 'yes, repair it: do not ask' },
    ...SUBJECT_OPTIONS,
    json: JSON_OPTION,
  },
  examples: [
    { line: 'quarterturn doctor app/db --rotator postgres' },
    { line: 'quarterturn doctor app/db --rotator postgres --fix --here --yes' },
  ],
  exits: { 0: 'nothing is the matter, or no longer', 1: 'something is' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'labels, dates and replicas' },
    { action: 'secretsmanager:GetSecretValue', on: 'secret', why: 'the values that are tried' },
    { action: 'kms:Decrypt', on: 'key', why: 'with a key of your own' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'ages and versions without a label; without it little is repaired',
    },
    { action: 'secretsmanager:UpdateSecretVersionStage', on: 'secret', why: 'with --fix: moves a label' },
    { action: 'secretsmanager:PutSecretValue', on: 'secret', why: 'with --fix --here: createSecret' },
    { action: 'kms:GenerateDataKey', on: 'key', why: 'with --fix --here, and a key of your own' },
  ],
});

export type DoctorInput = InputOf<typeof DOCTOR>;
