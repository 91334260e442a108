import { administratorOfKeys, defineLambda, keyEndingFrom, lifetimeDaysFrom } from '../../src/index.js';
import { entra } from './index.js';
import { lifetime } from './lifetime.js';

/** The variable KEY_LIFETIME_DAYS is `lifetimeDays`, and KEYS_END is `ends`. */
export const lambda = defineLambda({
  rotator: ({ KEY_LIFETIME_DAYS: days, KEYS_END: ends }) =>
    entra({ lifetimeDays: lifetimeDaysFrom(days, lifetime), ends: keyEndingFrom(ends) }),
  environment: ['KEY_LIFETIME_DAYS', 'KEYS_END'],
  lifetime,
  permissions: administratorOfKeys('secrets with `masterarn`'),
  // Entra needs a while to know a new password: testSecret asks for two minutes.
  timeoutSeconds: 180,
  drivers: [],
});
