import type { KeyLifetime } from '../../src/index.js';

/** Without the option, as long as the password in use. */
export const lifetime: KeyLifetime = { mostDays: 3650 };
