import { defineLambda } from '../../src/index.js';
import { ON_ACCESS_KEYS } from './access-keys.js';
import { iam } from './index.js';

/** With the variable OWNS_EVERY_KEY=true, each user is for one secret alone. */
export const lambda = defineLambda({
  rotator: ({ OWNS_EVERY_KEY }) => iam({ ownsEveryKey: OWNS_EVERY_KEY === 'true' }),
  environment: ['OWNS_EVERY_KEY'],
  permissions: ON_ACCESS_KEYS,
  drivers: ['@aws-sdk/client-iam', '@aws-sdk/client-sts'],
});
