import type { Permission, PermissionTarget } from '../../src/index.js';

const USERS: PermissionTarget = { name: 'users', arns: ['arn:{partition}:iam::{account}:user/NAME'] };

export const permissions: readonly Permission[] = [
  {
    action: 'iam:ListAccessKeys',
    on: USERS,
    steps: ['createSecret', 'finishSecret'],
    why: 'whether AWSCURRENT’s key is the user’s, whether there is room, what failed attempts left',
  },
  { action: 'iam:CreateAccessKey', on: USERS, steps: ['createSecret'], why: 'makes the next key' },
  {
    action: 'iam:DeleteAccessKey',
    on: USERS,
    steps: ['createSecret', 'finishSecret'],
    why: 'AWSPREVIOUS’s makes room, since a user has two at most; ends what failed attempts left',
  },
];

export const environment = ['OWNS_EVERY_KEY'];
