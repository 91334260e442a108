import { administratorOfKeys, type KeyLifetime } from '../../src/index.js';

/** Entra needs a while to know a new password: testSecret asks for two minutes. */
export const timeoutSeconds = 180;

/** Entra gives two years by itself. */
export const lifetime: KeyLifetime = { defaultDays: 730, mostDays: 3650 };

export const environment = ['KEY_LIFETIME_DAYS'];

export const permissions = /* @__PURE__ */ administratorOfKeys('secrets with `masterarn`');
