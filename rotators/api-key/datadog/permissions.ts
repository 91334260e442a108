export { WITH_ADMINISTRATOR as permissions } from '../administrator-permissions.js';

export const environment = ['DATADOG_URL'];
