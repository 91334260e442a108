import { administratorOfKeys, type KeyLifetime } from '../../../src/index.js';

export const permissions = /* @__PURE__ */ administratorOfKeys();

/** GitLab ends every token. Its limit is 365 days, or 400 where the instance's administrator has chosen that. */
export const lifetime: KeyLifetime = { defaultDays: 90, mostDays: 400 };

export const environment = ['KEY_LIFETIME_DAYS'];
