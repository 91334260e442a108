import { withOrWithout } from '../administrator-permissions.js';

/** Entra needs a while to know a new password: testSecret asks for two minutes. */
export const timeoutSeconds = 180;

export const permissions = withOrWithout('secrets with `masterarn`');
