import type { Permission } from '../../src/index.js';

/** Of a rotator that makes keys with the credential of an administrator. */
export const WITH_ADMINISTRATOR: readonly Permission[] = [
  {
    action: 'secretsmanager:GetSecretValue',
    on: 'administrator',
    steps: ['createSecret', 'finishSecret'],
    why: 'the administrator’s credential makes the next key, and ends the one before the last',
  },
];

/** Of a rotator for which one may do so. */
export const withOrWithout = (onlyFor: string): readonly Permission[] =>
  WITH_ADMINISTRATOR.map((permission) => ({ ...permission, onlyFor }));
