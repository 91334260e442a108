import { administratorOfKeys, defineLambda, keyEndingFrom, lifetimeDaysFrom } from '../../src/index.js';
import { entra } from './index.js';
import { lifetime } from './lifetime.js';

/** Ready-made function. KEY_LIFETIME_DAYS sets `lifetimeDays`, KEYS_END sets `ends`. */
export const lambda = defineLambda({
  rotator: ({ KEY_LIFETIME_DAYS: days, KEYS_END: ends }) =>
    entra({ lifetimeDays: lifetimeDaysFrom(days, lifetime), ends: keyEndingFrom(ends) }),
  environment: ['KEY_LIFETIME_DAYS', 'KEYS_END'],
  lifetime,
  permissions: administratorOfKeys('secrets with `masterarn`'),
  // testSecret waits up to two minutes until Entra accepts a new password.
  timeoutSeconds: 180,
  drivers: [],
});
