import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

export const LOCAL = declare({
  name: 'local',
  summary: 'a Secrets Manager on this machine, for any client, with your rotation functions',
  about: [
    'A Secrets Manager on 127.0.0.1, for the AWS CLI and any SDK: AWS’s rules, its refusals, and its rotations after ' +
      'RotateSecret. Schedules are computed, and start none. Prints one line a request and a step, never a value; what ' +
      'rotation functions print goes to stderr. Ctrl-C ends it when the rotations that are under way have ended; once more, ' +
      'at once.',
  ],
  options: {
    port: { value: '<n>', about: 'listen there (4580; 0 for any that is free)' },
    function: {
      value: '<name>=<what>',
      about:
        'a rotation function, any number of times: a module that exports handler or lambda, a rotator of these, or the URL ' +
        'of a Lambda runtime interface (http://host:port)',
      repeats: true,
    },
    timeout: { value: '<seconds>', about: 'of an invocation (30, as AWS deploys its functions)' },
    seed: {
      value: '<file>',
      about:
        'JSON: { "name of a secret": value, … }; a value is a string, or an object, which is stored as JSON',
    },
    state: {
      value: '<file>',
      about:
        'keep every value in this file (mode 0600), and go on from there next time, with the rotations that were not ' +
        'complete too; a secret that is in it is not seeded again. Without it all is lost in the end.',
    },
  },
  notes: [
    'The Region is AWS_REGION, AWS_DEFAULT_REGION or eu-west-1. Functions get credentials that are good for nothing but ' +
      'this. Whoever may open a connection on this machine may read the secrets.',
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
