import type { Permission } from '../../../src/index.js';
import { DATABASES } from '../../databases/permissions.js';

export { environmentOfRds as environment } from '../../databases/permissions.js';

/** RDS takes a minute to set a password, and may be busy before. */
export const timeoutSeconds = 300;

export const permissions: readonly Permission[] = [
  {
    action: 'rds:DescribeDBInstances',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'whose the secret is, whether it can be changed now, and whether that is done',
  },
  {
    action: 'rds:DescribeDBClusters',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'the same of a cluster; a master user of an instance in one is the cluster’s',
  },
  {
    action: 'rds:ModifyDBInstance',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'sets the master user’s password; IAM cannot narrow it to that',
  },
  {
    action: 'rds:ModifyDBCluster',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'sets the password of a cluster’s master user',
  },
];
