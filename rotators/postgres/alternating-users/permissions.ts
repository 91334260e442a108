export { environment, WITH_ADMINISTRATOR as permissions } from '../../databases/permissions.js';
