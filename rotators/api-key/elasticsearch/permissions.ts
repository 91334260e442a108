import { administratorOfKeys, type KeyLifetime } from '../../../src/index.js';

export const permissions = /* @__PURE__ */ administratorOfKeys();

/** Keys have no end unless one is asked for. */
export const lifetime: KeyLifetime = { mostDays: 3650 };

export const environment = ['KEY_LIFETIME_DAYS'];
