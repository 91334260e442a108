import { administratorOfKeys, defineLambda, keyEndingFrom, lifetimeDaysFrom } from '../../../src/index.js';
import { elasticsearch } from './index.js';
import { lifetime } from './lifetime.js';

/** The variable KEY_LIFETIME_DAYS is `lifetimeDays`, and KEYS_END is `ends`. */
export const lambda = defineLambda({
  rotator: ({ KEY_LIFETIME_DAYS: days, KEYS_END: ends }) =>
    elasticsearch({ lifetimeDays: lifetimeDaysFrom(days, lifetime), ends: keyEndingFrom(ends) }),
  environment: ['KEY_LIFETIME_DAYS', 'KEYS_END'],
  lifetime,
  permissions: administratorOfKeys(),
  drivers: [],
});
