import type { KeyLifetime } from '../../../src/index.js';

/** Keys have no end unless the request sets one. */
export const lifetime: KeyLifetime = { mostDays: 3650 };
