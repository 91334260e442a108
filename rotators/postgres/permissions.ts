import type { CommonPermission } from '../../src/index.js';

export { environment, WITH_OR_WITHOUT as permissions } from '../databases/permissions.js';

export const onSecret: readonly CommonPermission[] = [
  {
    action: 'secretsmanager:ListSecretVersionIds',
    steps: ['setSecret'],
    why: 'if every labelled version is refused: finds what an abandoned rotation has left; it shows no value',
  },
];
