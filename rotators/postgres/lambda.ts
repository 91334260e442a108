import { defineLambda } from '../../src/index.js';
import { environment, WITH_OR_WITHOUT } from '../databases/permissions.js';
import { postgres } from './index.js';

/** Ready-made function: a user changes its own password, or an administrator does. */
export const lambda = defineLambda({
  rotator: () => postgres(),
  environment,
  permissions: WITH_OR_WITHOUT,
  onSecret: [
    {
      action: 'secretsmanager:ListSecretVersionIds',
      steps: ['setSecret'],
      why: 'if the server refuses the labelled versions: finds those that an abandoned rotation left; shows no value',
    },
  ],
  drivers: ['pg', '@aws-sdk/client-rds'],
});
