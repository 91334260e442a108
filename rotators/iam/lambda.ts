import { defineLambda, keyEndingFrom } from '../../src/index.js';
import { ON_ACCESS_KEYS } from './access-keys.js';
import { iam } from './index.js';

/** Ready-made function. OWNS_EVERY_KEY=true sets `ownsEveryKey`, KEYS_END sets `ends`. */
export const lambda = defineLambda({
  rotator: ({ OWNS_EVERY_KEY, KEYS_END: ends }) =>
    iam({ ownsEveryKey: OWNS_EVERY_KEY === 'true', ends: keyEndingFrom(ends) }),
  environment: ['OWNS_EVERY_KEY', 'KEYS_END'],
  permissions: ON_ACCESS_KEYS,
  drivers: ['@aws-sdk/client-iam', '@aws-sdk/client-sts'],
});
