import { defineLambda } from '../../../src/index.js';
import { DATABASES, environmentOfRds } from '../../databases/permissions.js';
import { rdsInstance } from './index.js';

/** RDS changes the password of a master user. */
export const lambda = defineLambda({
  rotator: () => rdsInstance(),
  environment: environmentOfRds,
  permissions: [
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
  ],
  // RDS takes a minute to set a password, and may be busy before.
  timeoutSeconds: 300,
  drivers: ['pg', '@aws-sdk/client-rds'],
});
