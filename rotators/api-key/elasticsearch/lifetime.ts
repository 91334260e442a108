import type { KeyLifetime } from '../../../src/index.js';

/** Keys have no end unless one is asked for. */
export const lifetime: KeyLifetime = { mostDays: 3650 };
