import { defineLambda } from '../../src/index.js';
import { environmentOfSessions, WITH_OR_WITHOUT } from '../databases/permissions.js';
import { rotatorFor } from './rotator.js';

/** An administrator has the server take two passwords, or a user changes its own. */
export const lambda = defineLambda({
  // Not from index.ts, which leads to the other rotators as well.
  rotator: () => rotatorFor({}),
  environment: environmentOfSessions,
  permissions: WITH_OR_WITHOUT,
  onSecret: [
    {
      action: 'secretsmanager:ListSecretVersionIds',
      steps: ['setSecret'],
      why: 'if every labelled version is refused: finds what an abandoned rotation has left; it shows no value',
    },
  ],
  drivers: ['mysql2', '@aws-sdk/client-rds'],
});
