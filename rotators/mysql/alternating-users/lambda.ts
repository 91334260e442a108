import { defineLambda } from '../../../src/index.js';
import { environmentOfSessions, WITH_ADMINISTRATOR } from '../../databases/permissions.js';
import { alternatingUsers } from './index.js';

/** Ready-made function: an administrator sets the passwords of two users in turn. */
export const lambda = defineLambda({
  rotator: () => alternatingUsers(),
  environment: environmentOfSessions,
  permissions: WITH_ADMINISTRATOR,
  drivers: ['mysql2', '@aws-sdk/client-rds'],
});
