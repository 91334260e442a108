export { environment, permissions } from '../permissions.js';

/** SES needs a while to know a new password: testSecret asks for two minutes. */
export const timeoutSeconds = 180;
