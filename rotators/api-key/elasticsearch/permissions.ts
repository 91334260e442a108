import type { Lifetime } from '../lifetime.js';

export { WITH_ADMINISTRATOR as permissions } from '../administrator-permissions.js';

/** Keys have no end unless one is asked for. */
export const lifetime: Lifetime = { mostDays: 3650 };

export const environment = ['KEY_LIFETIME_DAYS'];
