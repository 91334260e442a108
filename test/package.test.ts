import { execFileSync } from 'node:child_process';
import { built } from './support/built.js';

built('esm');
built('cjs');

const names = (type: 'module' | 'commonjs', from: string): string[] => {
  const load = type === 'module' ? `await import('${from}')` : `require('${from}')`;
  const script = `console.log(JSON.stringify(Object.keys(${load}).filter((name) => name !== 'default' && name !== 'module.exports')))`;
  const options = { encoding: 'utf8' as const, env: { ...process.env, NODE_NO_WARNINGS: '1' } };
  return JSON.parse(
    execFileSync(process.execPath, [`--input-type=${type}`, '--eval', script], options),
  ).sort();
};

test.each([
  [
    'quarterturn',
    [
      ...['LIFETIME_OPTION', 'RotationError', 'administratorOfKeys', 'awsFailure', 'checkedLifetimeDays'],
      ...['connectionFailure', 'defineLambda', 'errorParts', 'httpUrl', 'isRotationError'],
      ...['issuedKey', 'jsonObject', 'keyEndingFrom', 'lifetimeDaysFrom', 'noteThrottles', 'parseJson'],
      ...['passwordPolicyFrom', 'passwordSource', 'replacedKey', 'request', 'rotationHandler'],
      ...['stringField', 'tlsContext'],
    ],
  ],
  [
    'quarterturn/testing',
    ['LocalRotation', 'LocalSecretsManager', 'lineTo', 'memoryLine', 'rig', 'rotatorContract'],
  ],
  ['quarterturn/rotators/postgres', ['alternatingUsers', 'postgres', 'rdsInstance']],
  ['quarterturn/rotators/mysql', ['mysql', 'rdsInstance']],
  ['quarterturn/rotators/api-key', ['apiKey']],
  ['quarterturn/rotators/iam', ['iam']],
  ['quarterturn/rotators/iam/ses-smtp', ['sesSmtp']],
  ['quarterturn/rotators/entra', ['entra']],
  ['quarterturn/rotators/service-token', ['serviceToken']],
  ['quarterturn/rotators/service-token/sign', ['jwks', 'sign']],
  ['quarterturn/rotators/service-token/verify', ['SLOTS', 'accepts', 'verified']],
])('%s is there for import and for require', (from, expected) => {
  expect(names('module', from)).toEqual(expected);
  expect(names('commonjs', from)).toEqual(expected);
});
