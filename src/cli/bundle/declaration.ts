import { declare, type InputOf } from '../command.js';

export const BUNDLE = declare({
  name: 'bundle',
  summary: 'bundle your own rotator as a Lambda function',
  positional: { usage: '<lambda.ts>' },
  about: [
    'Makes a folder that Lambda runs as it is, from a TypeScript or JavaScript module that exports lambda = defineLambda(…). ' +
      'Drivers load in the step that uses them. Of AWS’s SDK, the bundle has only what a rotation runs. The licences of all ' +
      'packages are beside it.',
    'It needs esbuild: npm install --save-dev esbuild',
  ],
  options: {
    out: {
      value: '<dir>',
      about: 'the folder; without it, dist/lambda/<name>, where quarterturn policy expects it',
    },
  },
  notes: [
    'Handler: index.handler. Runtime: nodejs24.x or nodejs22.x. quarterturn policy <lambda.ts> --terraform (or --cdk) prints its deployment. ' +
      'For SAM, read docs/deploy-your-own.md of the package.',
  ],
  examples: [{ line: 'quarterturn bundle gate/lambda.ts' }],
  exits: { 0: 'the folder is written', 1: 'the bundle failed, and the folder is as it was' },
});

export type BundleInput = InputOf<typeof BUNDLE>;
