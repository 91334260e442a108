import type { Lifetime } from '../lifetime.js';

export { WITH_ADMINISTRATOR as permissions } from '../administrator-permissions.js';

/** GitLab ends every token. Its limit is 365 days, or 400 where the instance's administrator has chosen that. */
export const lifetime: Lifetime = { defaultDays: 90, mostDays: 400 };

export const environment = ['KEY_LIFETIME_DAYS'];
