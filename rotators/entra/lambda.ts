import { administratorOfKeys, defineLambda, lifetimeDaysFrom } from '../../src/index.js';
import { entra } from './index.js';
import { lifetime } from './lifetime.js';

/** The variable KEY_LIFETIME_DAYS is `lifetimeDays`. */
export const lambda = defineLambda({
  rotator: ({ KEY_LIFETIME_DAYS: days }) => entra({ lifetimeDays: lifetimeDaysFrom(days, lifetime) }),
  environment: ['KEY_LIFETIME_DAYS'],
  lifetime,
  permissions: administratorOfKeys('secrets with `masterarn`'),
  // Entra needs a while to know a new password: testSecret asks for two minutes.
  timeoutSeconds: 180,
  drivers: [],
});
