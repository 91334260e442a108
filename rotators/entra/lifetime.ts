import type { KeyLifetime } from '../../src/index.js';

/** Entra gives two years by itself. */
export const lifetime: KeyLifetime = { defaultDays: 730, mostDays: 3650 };
