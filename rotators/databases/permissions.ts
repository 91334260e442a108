import type { Permission, PermissionTarget } from '../../src/index.js';

/** The databases that the RDS API describes or changes. */
const DATABASES: PermissionTarget = {
  name: 'databases',
  arns: [
    'arn:{partition}:rds:{region}:{account}:db:NAME',
    'arn:{partition}:rds:{region}:{account}:cluster:NAME',
  ],
};

const READ = {
  action: 'secretsmanager:GetSecretValue',
  on: 'administrator',
  steps: ['setSecret'],
  why: 'logs in as the administrator that `masterarn` names',
} as const;

const MANAGED = 'administrators’ secrets that RDS manages';

const LOOK_UPS: readonly Permission[] = [
  {
    action: 'secretsmanager:DescribeSecret',
    on: 'administrator',
    steps: ['setSecret'],
    why: 'reads the database that its tags name, and whether it is being rotated itself',
    onlyFor: MANAGED,
  },
  {
    action: 'rds:DescribeDBInstances',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'finds that DB instance; checks whether the secret’s host is a replica of it',
    onlyFor: `${MANAGED}, and hosts that are read replicas`,
  },
  {
    action: 'rds:DescribeDBClusters',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'finds that DB cluster; checks whether the secret’s host is a reader of it',
    onlyFor: `${MANAGED}, and hosts that are readers of a cluster`,
  },
];

/** Rights of a rotator whose secrets always name an administrator. */
export const WITH_ADMINISTRATOR: readonly Permission[] = [READ, ...LOOK_UPS];

/** Rights of a rotator whose secrets may name an administrator. */
export const WITH_OR_WITHOUT: readonly Permission[] = [
  { ...READ, onlyFor: 'secrets with `masterarn`' },
  ...LOOK_UPS,
];

/** Rights of a rotator that lets RDS change a master user's password. */
export const OF_MASTER_USERS: readonly Permission[] = [
  {
    action: 'rds:DescribeDBInstances',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'checks the master user, whether the password can change now, and whether it has changed',
  },
  {
    action: 'rds:DescribeDBClusters',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'the same for a cluster, whose master user its instances share',
  },
  {
    action: 'rds:ModifyDBInstance',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'sets the master user’s password; IAM has no narrower right for that',
  },
  {
    action: 'rds:ModifyDBCluster',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'sets the password of a cluster’s master user',
  },
];

/** Variables that `passwordPolicyFrom()` reads. */
export const environmentOfPasswords = [
  'PASSWORD_LENGTH',
  'EXCLUDE_CHARACTERS',
  'EXCLUDE_NUMBERS',
  'EXCLUDE_PUNCTUATION',
  'EXCLUDE_UPPERCASE',
  'EXCLUDE_LOWERCASE',
  'REQUIRE_EACH_INCLUDED_TYPE',
];

/** Variables of a rotator that changes passwords in sessions with the server. */
export const environmentOfSessions = [...environmentOfPasswords, 'POOLER_ASKS_SERVER'];

/** Variables of a rotator whose logins can also be bound to the server's certificate. */
export const environment = [...environmentOfSessions, 'CHANNEL_BINDING'];

/** Variables of a rotator that lets RDS change passwords, and whose logins can be bound to the server's certificate. */
export const environmentOfRds = [...environmentOfPasswords, 'CHANNEL_BINDING'];
