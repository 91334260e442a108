import { defineLambda } from '../../src/index.js';
import { environment, WITH_OR_WITHOUT } from '../databases/permissions.js';
import { postgres } from './index.js';

/** A user changes its own password, or an administrator does. */
export const lambda = defineLambda({
  rotator: () => postgres(),
  environment,
  permissions: WITH_OR_WITHOUT,
  onSecret: [
    {
      action: 'secretsmanager:ListSecretVersionIds',
      steps: ['setSecret'],
      why: 'if every labelled version is refused: finds what an abandoned rotation has left; it shows no value',
    },
  ],
  drivers: ['pg', '@aws-sdk/client-rds'],
});
