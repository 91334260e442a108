import type { Permission, PermissionTarget } from '../../src/index.js';

/** What the RDS API is asked about, or told to change. */
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
    why: 'its tags say which database it is for; and whether it is being rotated itself',
    onlyFor: MANAGED,
  },
  {
    action: 'rds:DescribeDBInstances',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'where that DB instance is; whether the secret’s host is a replica of it',
    onlyFor: `${MANAGED}, and hosts that are read replicas`,
  },
  {
    action: 'rds:DescribeDBClusters',
    on: DATABASES,
    steps: ['setSecret'],
    why: 'where that DB cluster is; whether the secret’s host is a reader of it',
    onlyFor: `${MANAGED}, and hosts that are readers of a cluster`,
  },
];

/** Of a rotator to which each secret names an administrator. */
export const WITH_ADMINISTRATOR: readonly Permission[] = [READ, ...LOOK_UPS];

/** Of a rotator to which a secret may name one. */
export const WITH_OR_WITHOUT: readonly Permission[] = [
  { ...READ, onlyFor: 'secrets with `masterarn`' },
  ...LOOK_UPS,
];

/** Of a rotator that has RDS change the password of a master user. */
export const OF_MASTER_USERS: readonly Permission[] = [
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

/** What `passwordPolicyFrom()` reads. */
export const environmentOfPasswords = [
  'PASSWORD_LENGTH',
  'EXCLUDE_CHARACTERS',
  'EXCLUDE_NUMBERS',
  'EXCLUDE_PUNCTUATION',
  'EXCLUDE_UPPERCASE',
  'EXCLUDE_LOWERCASE',
  'REQUIRE_EACH_INCLUDED_TYPE',
];

/** Of a rotator that changes passwords in sessions with the server. */
export const environmentOfSessions = [...environmentOfPasswords, 'POOLER_ASKS_SERVER'];

/** Of one whose logins can be bound to the server's certificate, too. */
export const environment = [...environmentOfSessions, 'CHANNEL_BINDING'];

/** Of one that has RDS change them, and whose logins can be bound so. */
export const environmentOfRds = [...environmentOfPasswords, 'CHANNEL_BINDING'];
