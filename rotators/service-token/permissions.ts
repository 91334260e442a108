import type { Permission } from '../../src/index.js';

/** What `install` of `serviceToken()` reads besides is the caller's to allow. */
export const permissions: readonly Permission[] = [];

export const environment = ['SERVICE_TOKEN_KIND'];
