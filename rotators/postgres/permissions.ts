export { environment, WITH_OR_WITHOUT as permissions } from './administrator-permissions.js';
