import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

export const LOCAL = declare({
  name: 'local',
  summary: 'run a Secrets Manager on this machine, for any client, with your rotation functions',
  about: [
    'A Secrets Manager on 127.0.0.1, for the AWS CLI and any SDK. It follows AWS’s rules, refuses what AWS refuses, and rotates ' +
      'after RotateSecret. It computes schedules, but they start no rotation.',
    'It prints one line per request and step, and never a value. The output of rotation functions goes to stderr. Ctrl-C ends ' +
      'it after the current rotations; a second Ctrl-C ends it at once.',
  ],
  options: {
    port: { value: '<n>', about: 'the port (4580; 0 for any free one)' },
    function: {
      value: '<name>=<what>',
      about:
        'a rotation function; may be repeated. A module that exports handler or lambda, one of the rotators below, or the URL of ' +
        'a Lambda runtime interface (http://host:port)',
      repeats: true,
    },
    timeout: { value: '<seconds>', about: 'timeout of an invocation (30, as AWS deploys its functions)' },
    seed: {
      value: '<file>',
      about:
        'JSON with secrets to begin with: { "name of a secret": value, … }. A value is a string, or an object, stored as JSON',
    },
    state: {
      value: '<file>',
      about:
        'keep every value in this file (mode 0600). The next run continues from it, with rotations that were not complete. A ' +
        'secret in it is not seeded again. Without this option everything is lost at the end',
    },
  },
  notes: [
    'The Region is AWS_REGION, AWS_DEFAULT_REGION or eu-west-1. Functions get credentials that work only here.',
    'Anybody who can open a connection on this machine can read the secrets.',
  ],
  examples: [
    { line: 'quarterturn local --function rotate=postgres --seed secrets.json --state state' },
    {
      line:
        'aws secretsmanager rotate-secret --secret-id app \\\n' +
        '--rotation-lambda-arn arn:aws:lambda:eu-west-1:123456789012:function:rotate',
    },
  ],
  lists: { rotators: () => rotatorsWith('lambda.js') },
});

export type LocalInput = InputOf<typeof LOCAL>;
