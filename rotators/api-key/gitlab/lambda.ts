import { administratorOfKeys, defineLambda, lifetimeDaysFrom } from '../../../src/index.js';
import { gitlab } from './index.js';
import { lifetime } from './lifetime.js';

/** The variable KEY_LIFETIME_DAYS is `lifetimeDays`. */
export const lambda = defineLambda({
  rotator: ({ KEY_LIFETIME_DAYS: days }) => gitlab({ lifetimeDays: lifetimeDaysFrom(days, lifetime) }),
  environment: ['KEY_LIFETIME_DAYS'],
  lifetime,
  permissions: administratorOfKeys(),
  drivers: [],
});
