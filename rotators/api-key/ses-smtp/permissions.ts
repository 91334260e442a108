export { environment, permissions } from '../iam/permissions.js';

/** SES needs a while to know a new password: testSecret asks for two minutes. */
export const timeoutSeconds = 180;
