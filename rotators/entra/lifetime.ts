import type { KeyLifetime } from '../../src/index.js';

/** Longest lifetime. Without the option, a new password lives as long as the one in use. */
export const lifetime: KeyLifetime = { mostDays: 3650 };
