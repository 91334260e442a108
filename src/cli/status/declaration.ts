import { CONNECTION_OPTIONS } from '../aws/connection.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';

export const STATUS = declare({
  name: 'status',
  summary: 'show the rotation of one secret, or of many: stuck, overdue, off, ok',
  positional: { usage: '[secret…]' },
  about: [
    'For one secret: its labelled versions with their ages, and what is next. For several, for those with a tag, or for all in ' +
      'the Region: a table, the worst first. No value is read. Give names or ARNs; - reads them from stdin.',
  ],
  options: {
    tag: {
      value: '<key>=<value>',
      about: 'show only secrets with this tag; if repeated, with all these tags',
      repeats: true,
    },
    check: { about: 'exit with 1 unless every secret is ok, for monitors' },
    'stuck-after': {
      value: '<time>',
      about: 'age at which a rotation that is not complete counts as stuck: 90s, 15m, 1h, 1d',
      default: '1h',
    },
    fresh: {
      about:
        'describe each secret. Without this option a list (--tag, or no secret) is up to five minutes old, and shows no replicas',
    },
    all: { about: 'also show the secrets that are ok one by one' },
    wide: { about: 'do not shorten anything to the width of the terminal' },
    watch: { about: 'repeat every five seconds, on a terminal, until Ctrl-C' },
    json: JSON_OPTION,
    ...CONNECTION_OPTIONS,
  },
  notes: [
    'A rotation that is not complete is in-flight until it is stuck. overdue: the next rotation was due over a day ago. ' +
      'off: nothing rotates it. unused: nobody has read it for 90 days. unreplicated: a replica failed.',
  ],
  examples: [
    { line: 'quarterturn status app/db' },
    { line: 'quarterturn status --tag team=payments --check' },
  ],
  exits: { 0: 'the answer is printed', 1: 'a secret could not be looked at, or with --check: one is not ok' },
  rights: [
    {
      action: 'secretsmanager:DescribeSecret',
      on: 'secret',
      why: 'reads labels, dates, rotation and replicas',
    },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'reads the age of each version; without this right, ages are missing',
    },
    { action: 'secretsmanager:ListSecrets', on: 'all', why: 'lists secrets, with --tag or without a secret' },
  ],
});

export type StatusInput = InputOf<typeof STATUS>;
