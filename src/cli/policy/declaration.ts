import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

/** What a deployment has if nothing else is asked for. */
export const USUAL_SCHEDULE = 'rate(30 days)';

const rotators = () => rotatorsWith('lambda.js');

export const POLICY = declare({
  name: 'policy',
  summary: 'the least that a rotation function must be allowed, and how it is deployed',
  positional: { usage: '[rotator]', choices: rotators },
  about: [
    'Prints the least that the role of a rotation function must be allowed, why, and who may invoke the function; or, with --for, the least that applications or operators need. Nothing ' +
      'of AWS is needed or touched. A rotator of your own is given as the path of its manifest, gate/lambda.ts; quarterturn ' +
      'bundle makes its bundle, dist/lambda/gate.',
  ],
  options: {
    for: {
      value: '<whom>',
      about:
        'the rights of applications that read the secret, or of whoever runs a command; goes without a rotator',
      choices: ['client', 'operator'],
    },
    secret: {
      value: '<arn>',
      about: 'the secret that is rotated; without it, every secret that names this very function',
    },
    kms: { value: '<arn>', about: 'its KMS key, if it is one of your own' },
    admin: { value: '<arn>', about: 'the administrator’s secret' },
    'admin-kms': { value: '<arn>', about: 'the KMS key of that, likewise' },
    target: {
      value: '<arn>',
      about: 'a database or user that the rotator looks at or changes; may be repeated',
      repeats: true,
    },
    function: { value: '<arn>', about: 'the function' },
    vpc: { about: 'the function is in a VPC' },
    schedule: {
      value: '<expr>',
      about: `when to rotate: "${USUAL_SCHEDULE}", which a deployment has without it`,
    },
    'lifetime-days': {
      value: '<n>',
      about:
        'in how many days new keys end, where they end: it must be at least twice the days of the schedule',
    },
    json: { about: 'one JSON object' },
    terraform: { about: 'a whole deployment for Terraform' },
    cdk: { about: 'a whole deployment for the AWS CDK, in TypeScript' },
    'custom-policy': {
      about:
        'the rights that the manifest of your own rotator declares, as a managed policy for CustomPolicyArns of template.yaml',
    },
  },
  examples: [
    { line: 'quarterturn policy postgres --vpc --terraform > rotation.tf' },
    { line: 'quarterturn policy --for operator' },
  ],
  lists: { rotators },
});

export type PolicyInput = InputOf<typeof POLICY>;
