import { defineLambda } from '../../src/index.js';
import { environmentOfSessions, WITH_OR_WITHOUT } from '../databases/permissions.js';
import { rotatorFor } from './rotator.js';

/** Ready-made function: an administrator makes the server take two passwords, or a user changes its own. */
export const lambda = defineLambda({
  // Not from index.ts, which would load the other rotators as well.
  rotator: () => rotatorFor({}),
  environment: environmentOfSessions,
  permissions: WITH_OR_WITHOUT,
  onSecret: [
    {
      action: 'secretsmanager:ListSecretVersionIds',
      steps: ['setSecret'],
      why: 'if the server refuses the labelled versions: finds those that an abandoned rotation left; shows no value',
    },
  ],
  drivers: ['mysql2', '@aws-sdk/client-rds'],
});
