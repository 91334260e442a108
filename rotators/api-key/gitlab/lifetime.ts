import type { KeyLifetime } from '../../../src/index.js';

/** GitLab ends every token. Its limit is 365 days, or 400 if the instance's administrator has chosen that. */
export const lifetime: KeyLifetime = { defaultDays: 90, mostDays: 400 };
