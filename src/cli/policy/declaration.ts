import { declare, type InputOf } from '../command.js';
import { rotatorsWith } from '../rotators.js';

/** The default schedule of a deployment. */
export const USUAL_SCHEDULE = 'rate(30 days)';

const rotators = () => rotatorsWith('lambda.js');

export const POLICY = declare({
  name: 'policy',
  summary: 'print the least rights of a rotation function, or a deployment of it',
  positional: { usage: '[rotator]', choices: rotators },
  about: [
    'Prints the least rights that a rotation function needs, the reason for each, and who may invoke the function. With --for: ' +
      'the least rights of applications or operators. It does not need or touch AWS.',
    'For your own rotator, give the path of its manifest: gate/lambda.ts. quarterturn bundle makes its bundle, dist/lambda/gate.',
  ],
  options: {
    for: {
      value: '<whom>',
      about: 'without a rotator: print the rights of applications that read the secret, or of operators',
      choices: ['client', 'operator'],
    },
    secret: {
      value: '<arn>',
      about: 'the secret to rotate; without it, every secret that names this function',
    },
    kms: { value: '<arn>', about: 'the KMS key of the secret, if it is your own' },
    admin: { value: '<arn>', about: 'the administrator’s secret' },
    'admin-kms': { value: '<arn>', about: 'the KMS key of the administrator’s secret, if it is your own' },
    target: {
      value: '<arn>',
      about: 'a database or user that the rotator reads or changes; may be repeated',
      repeats: true,
    },
    function: { value: '<arn>', about: 'the function' },
    vpc: { about: 'the function is in a VPC' },
    schedule: {
      value: '<expr>',
      about: `when to rotate; a deployment’s default is "${USUAL_SCHEDULE}"`,
    },
    'lifetime-days': {
      value: '<n>',
      about: 'the days after which new keys expire, if they expire: at least twice the days of the schedule',
    },
    json: { about: 'print one JSON object' },
    terraform: { about: 'print a whole deployment for Terraform' },
    cdk: { about: 'print a whole deployment for the AWS CDK, in TypeScript' },
    'custom-policy': {
      about:
        'print the rights in the manifest of your own rotator, as a managed policy for CustomPolicyArns of template.yaml',
    },
  },
  examples: [
    { line: 'quarterturn policy postgres --vpc --terraform > rotation.tf' },
    { line: 'quarterturn policy --for operator' },
  ],
  lists: { rotators },
});

export type PolicyInput = InputOf<typeof POLICY>;
