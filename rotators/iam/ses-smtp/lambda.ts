import { defineLambda, keyEndingFrom } from '../../../src/index.js';
import { ON_ACCESS_KEYS } from '../access-keys.js';
import { sesSmtp } from './index.js';

/** Ready-made function. OWNS_EVERY_KEY=true sets `ownsEveryKey`, KEYS_END sets `ends`. */
export const lambda = defineLambda({
  rotator: ({ OWNS_EVERY_KEY, KEYS_END: ends }) =>
    sesSmtp({ ownsEveryKey: OWNS_EVERY_KEY === 'true', ends: keyEndingFrom(ends) }),
  environment: ['OWNS_EVERY_KEY', 'KEYS_END'],
  permissions: ON_ACCESS_KEYS,
  // testSecret waits up to two minutes until SES accepts a new password.
  timeoutSeconds: 180,
  drivers: ['@aws-sdk/client-iam', 'nodemailer'],
});
