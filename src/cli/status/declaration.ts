import { CONNECTION_OPTIONS } from '../aws/connection.js';
import { declare, type InputOf, JSON_OPTION } from '../command.js';

export const STATUS = declare({
  name: 'status',
  summary: 'where the rotation of a secret stands, or of many: stuck, overdue, off, ok',
  positional: { usage: '[secret…]' },
  about: [
    'Of one secret: its labelled versions, since when, and what is next. Of several, of those with a tag, or of all in the ' +
      'Region: a table, the worst first. No value is read. A secret is named by its name or ARN; - reads them from stdin.',
  ],
  options: {
    tag: {
      value: '<key>=<value>',
      about: 'the secrets with this tag; if repeated, with all of these',
      repeats: true,
    },
    check: { about: 'exit with 1 unless each is ok, for monitors' },
    'stuck-after': {
      value: '<time>',
      about: 'call a rotation that is not complete stuck at this age: 90s, 15m, 1h, 1d',
      default: '1h',
    },
    fresh: {
      about:
        'describe each secret: with --tag, or without a secret, what is shown is else up to five minutes old, and knows of no replicas',
    },
    all: { about: 'show those that are ok one by one, too' },
    wide: { about: 'shorten nothing to the width of the terminal' },
    watch: { about: 'look again every five seconds, on a terminal, until Ctrl-C' },
    json: JSON_OPTION,
    ...CONNECTION_OPTIONS,
  },
  notes: [
    'A rotation that is not complete is in-flight until it is stuck. overdue: the next rotation should have been a day ago. ' +
      'off: nothing rotates it. unused: nobody has read it for 90 days. unreplicated: a replica has failed.',
  ],
  examples: [
    { line: 'quarterturn status app/db' },
    { line: 'quarterturn status --tag team=payments --check' },
  ],
  exits: { 0: 'the answer is printed', 1: 'it could not be found out, or with --check: not each is ok' },
  rights: [
    { action: 'secretsmanager:DescribeSecret', on: 'secret', why: 'labels, dates, rotation and replicas' },
    {
      action: 'secretsmanager:ListSecretVersionIds',
      on: 'secret',
      why: 'how old each version is; without it ages are left out',
    },
    { action: 'secretsmanager:ListSecrets', on: 'all', why: 'with --tag, or without a secret' },
  ],
});

export type StatusInput = InputOf<typeof STATUS>;
