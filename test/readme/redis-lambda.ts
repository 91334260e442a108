import { defineLambda } from '../../src/index.js';
import { redis } from './redis.js';

export const lambda = defineLambda({
  rotator: () => redis(),
  environment: [],
  permissions: [
    {
      action: 'secretsmanager:GetSecretValue',
      on: 'administrator',
      steps: ['setSecret'],
      why: 'an administrator sets the passwords of the user',
    },
  ],
  drivers: [],
});
