export { environment, WITH_ADMINISTRATOR as permissions } from '../administrator-permissions.js';
