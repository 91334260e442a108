import { declare, type InputOf } from '../command.js';

export const BUNDLE = declare({
  name: 'bundle',
  summary: 'make the Lambda of a rotator of your own',
  positional: { usage: '<lambda.ts>' },
  about: [
    'Makes a folder that Lambda runs as it is, of the module that exports `lambda`, made by defineLambda(): TypeScript or ' +
      'JavaScript. It is made as our own are: drivers are loaded in the step that uses them, of AWS’s SDK only what a rotation ' +
      'runs is in it, and the licences of all packages lie beside it. It needs esbuild: npm install --save-dev esbuild',
  ],
  options: {
    out: {
      value: '<dir>',
      about: 'the folder; without it, dist/lambda/<name>, where quarterturn policy expects it',
    },
  },
  notes: [
    'Handler index.handler, runtime nodejs24.x or nodejs22.x. `quarterturn policy <lambda.ts> --terraform`, or --cdk, prints how it is deployed. ' +
      'docs/deploy-your-own.md of the package says how SAM deploys it.',
  ],
  examples: [{ line: 'quarterturn bundle gate/lambda.ts' }],
  exits: { 0: 'the folder is written', 1: 'it could not be made, and the folder is as it was' },
});

export type BundleInput = InputOf<typeof BUNDLE>;
