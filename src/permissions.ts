import { STEPS, type Step } from './step.js';

/**
 * A right that the role of a rotation function needs. A rotator declares its own in its `lambda.ts`; those on the secret
 * that is rotated, and on its key, are the engine's.
 */
export interface Permission {
  /** The IAM action: `rds:DescribeDBInstances`. */
  readonly action: string;
  /** On what: the administrator's secret, or something that the owner of the function names. */
  readonly on: 'administrator' | PermissionTarget;
  /** The steps that make the call. */
  readonly steps: readonly Step[];
  /** What for: it stands as a comment beside the right. */
  readonly why: string;
  /** Which secrets need it, if not all do. */
  readonly onlyFor?: string;
}

/** A kind of resource of AWS that a rotator works on. */
export interface PermissionTarget {
  /** In the plural: `databases`. */
  readonly name: string;
  /** ARNs of such, with a name in capital letters: `arn:{partition}:rds:{region}:{account}:db:NAME`. */
  readonly arns: readonly string[];
}

/**
 * The right of a rotator that makes keys with the credential of an administrator.
 *
 * @param onlyFor which secrets name one, if not all do
 */
export function administratorOfKeys(onlyFor?: string): readonly Permission[] {
  return [
    {
      action: 'secretsmanager:GetSecretValue',
      on: 'administrator',
      steps: ['createSecret', 'finishSecret'],
      why: 'the administrator’s credential makes the next key, and ends the one before the last',
      ...(onlyFor !== undefined && { onlyFor }),
    },
  ];
}

/** A right that every rotation function needs: on the secret that is rotated, or on the KMS key of it. */
export type CommonPermission = Omit<Permission, 'on' | 'onlyFor'> & {
  /** Where AWS says so, if no call of ours shows it. */
  readonly source?: string;
};

/** What the function of a rotator needs, as `quarterturn policy` prints it. */
export interface RotatorNeeds {
  readonly permissions: readonly Permission[];
  /** Rights on the secret that is rotated, beside those that every rotator needs. */
  readonly onSecret?: readonly CommonPermission[];
  /** The function's timeout, if a minute is too short. */
  readonly timeoutSeconds?: number;
  /** The environment variables that it reads. */
  readonly environment: readonly string[];
  /** Without them the function throws when it is loaded. */
  readonly isEnvironmentRequired?: boolean;
  /** For how many days its keys live: KEY_LIFETIME_DAYS, or what it is without. Absent: its keys do not end. */
  readonly lifetime?: { readonly defaultDays?: number; readonly mostDays: number };
}

/** On the secret that is rotated. */
export const ON_SECRET: readonly CommonPermission[] = [
  {
    action: 'secretsmanager:DescribeSecret',
    steps: STEPS,
    why: 'the labels say where the rotation stands, and what must be refused',
  },
  {
    action: 'secretsmanager:GetSecretValue',
    steps: STEPS,
    why: 'reads AWSCURRENT and AWSPENDING; finishSecret only of keys, to retire the right one',
  },
  {
    action: 'secretsmanager:PutSecretValue',
    steps: ['createSecret'],
    why: 'stores the new value as AWSPENDING, before the service learns of it',
  },
  {
    action: 'secretsmanager:UpdateSecretVersionStage',
    steps: ['finishSecret'],
    why: 'moves AWSCURRENT, and with it AWSPREVIOUS',
  },
];

const KMS = 'AWS Secrets Manager User Guide, “Secret encryption and decryption in AWS Secrets Manager”';

/** On the key of the secret that is rotated, unless it is `aws/secretsmanager`. Secrets Manager makes these calls. */
export const ON_KEY: readonly CommonPermission[] = [
  { action: 'kms:Decrypt', steps: STEPS, why: 'Secrets Manager decrypts what is read', source: KMS },
  {
    action: 'kms:GenerateDataKey',
    steps: ['createSecret'],
    why: 'Secrets Manager encrypts what is stored',
    source: KMS,
  },
];

const LOGS = 'AWS Lambda Developer Guide, “Sending Lambda function logs to CloudWatch Logs”';

/** On the function's log group. Lambda makes these calls. */
export const ON_LOG: readonly CommonPermission[] = [
  {
    action: 'logs:CreateLogStream',
    steps: STEPS,
    why: 'Lambda opens a stream for each container',
    source: LOGS,
  },
  { action: 'logs:PutLogEvents', steps: STEPS, why: 'Lambda writes what the function prints', source: LOGS },
];

const VPC = 'AWS Lambda Developer Guide, “Giving Lambda functions access to resources in an Amazon VPC”';

/** On network interfaces, in a VPC. Lambda makes these calls with the function's role; its code is denied them. */
export const ON_NETWORK: readonly CommonPermission[] = [
  { action: 'ec2:CreateNetworkInterface', why: 'Lambda puts an interface into each subnet' },
  {
    action: 'ec2:DeleteNetworkInterface',
    why: 'Lambda removes what it has made; CreateFunction asks for this on all of EC2',
  },
  { action: 'ec2:AssignPrivateIpAddresses', why: 'Lambda gives its interfaces their addresses; likewise' },
  { action: 'ec2:UnassignPrivateIpAddresses', why: 'Lambda takes them back; likewise' },
  {
    action: 'ec2:DescribeNetworkInterfaces',
    why: 'Lambda looks at what it has made; IAM knows no resource for it',
  },
  { action: 'ec2:DescribeSubnets', why: 'Lambda looks at the subnets; IAM knows no resource for it' },
].map((permission) => ({ ...permission, steps: [], source: VPC }));
