import { defineLambda } from '../../../src/index.js';
import { environmentOfPasswords, OF_MASTER_USERS } from '../../databases/permissions.js';
import { rdsInstance } from './index.js';

/** Ready-made function: RDS changes the password of a master user. */
export const lambda = defineLambda({
  rotator: () => rdsInstance(),
  environment: environmentOfPasswords,
  permissions: OF_MASTER_USERS,
  // RDS takes about a minute to set a password, and may be busy before.
  timeoutSeconds: 300,
  drivers: ['mysql2', '@aws-sdk/client-rds'],
});
