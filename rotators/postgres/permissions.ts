export { WITH_OR_WITHOUT as permissions } from './administrator-permissions.js';
