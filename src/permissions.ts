import { STEPS, type Step } from './step.js';

/**
 * Permission that the role of a rotation function needs. A rotator's `lambda.ts` declares the rotator's own; the engine adds
 * those on the rotated secret and on its KMS key.
 */
export interface Permission {
  /** IAM action: `rds:DescribeDBInstances`. */
  readonly action: string;
  /** Resource: the administrator's secret, or a {@link PermissionTarget} that the owner of the function names. */
  readonly on: 'administrator' | PermissionTarget;
  /** Steps that make the call. */
  readonly steps: readonly Step[];
  /** Reason, which `quarterturn policy` prints as a comment. */
  readonly why: string;
  /** Secrets that need it. @default all */
  readonly onlyFor?: string;
}

/** Kind of AWS resource that a rotator works on. */
export interface PermissionTarget {
  /** Name in the plural: `databases`. */
  readonly name: string;
  /** ARN patterns, with a placeholder in capitals: `arn:{partition}:rds:{region}:{account}:db:NAME`. */
  readonly arns: readonly string[];
}

/**
 * Returns the permissions of a rotator that makes keys with an administrator's credential: to read that secret.
 *
 * @param onlyFor secrets that name an administrator's secret; if absent, all do
 *
 * @example
 * ```ts
 * export const lambda = defineLambda({
 *   rotator: () => desk(),
 *   environment: [],
 *   permissions: administratorOfKeys(),
 *   drivers: [],
 * });
 * ```
 */
export function administratorOfKeys(onlyFor?: string): readonly Permission[] {
  return [
    {
      action: 'secretsmanager:GetSecretValue',
      on: 'administrator',
      steps: ['createSecret', 'finishSecret'],
      why: 'the administrator’s credential makes the next key and ends the one before the last',
      ...(onlyFor !== undefined && { onlyFor }),
    },
  ];
}

/** Permission that every rotation function needs, on the rotated secret or on its KMS key. */
export type CommonPermission = Omit<Permission, 'on' | 'onlyFor'> & {
  /** AWS document that states it, for a call that Quarterturn does not make itself. */
  readonly source?: string;
};

/** What a rotator's function needs, as `quarterturn policy` prints it. */
export interface RotatorNeeds {
  /** Permissions on anything but the rotated secret. */
  readonly permissions: readonly Permission[];
  /** Permissions on the rotated secret, in addition to those that every rotator needs. @default none */
  readonly onSecret?: readonly CommonPermission[];
  /** Timeout of the function in seconds. @default 60 */
  readonly timeoutSeconds?: number;
  /** Environment variables that the function reads. */
  readonly environment: readonly string[];
  /** Whether the function throws while it loads if they are not set. @default false */
  readonly isEnvironmentRequired?: boolean;
  /**
   * Lifetime of its keys in days: the default and the maximum of KEY_LIFETIME_DAYS.
   *
   * @default its keys do not expire
   */
  readonly lifetime?: {
    /** Lifetime in days if the variable is not set. @default keys do not expire */
    readonly defaultDays?: number;
    /** Longest lifetime in days. */
    readonly mostDays: number;
  };
}

/** Permissions on the rotated secret. */
export const ON_SECRET: readonly CommonPermission[] = [
  {
    action: 'secretsmanager:DescribeSecret',
    steps: STEPS,
    why: 'the labels show how far the rotation is, and whether to refuse it',
  },
  {
    action: 'secretsmanager:GetSecretValue',
    steps: STEPS,
    why: 'reads AWSCURRENT and AWSPENDING; in finishSecret only for keys, to retire the right one',
  },
  {
    action: 'secretsmanager:PutSecretValue',
    steps: ['createSecret'],
    why: 'stores the new value as AWSPENDING before the service gets it',
  },
  {
    action: 'secretsmanager:UpdateSecretVersionStage',
    steps: ['finishSecret'],
    why: 'moves AWSCURRENT, and AWSPREVIOUS with it',
  },
];

const KMS = 'AWS Secrets Manager User Guide, “Secret encryption and decryption in AWS Secrets Manager”';

/** Permissions on the rotated secret's KMS key, unless it is `aws/secretsmanager`. Secrets Manager makes these calls. */
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

/** Permissions on the function's log group. Lambda makes these calls. */
export const ON_LOG: readonly CommonPermission[] = [
  {
    action: 'logs:CreateLogStream',
    steps: STEPS,
    why: 'Lambda opens a log stream for each container',
    source: LOGS,
  },
  { action: 'logs:PutLogEvents', steps: STEPS, why: 'Lambda writes what the function prints', source: LOGS },
];

const VPC = 'AWS Lambda Developer Guide, “Giving Lambda functions access to resources in an Amazon VPC”';

/**
 * Permissions on network interfaces, for a function in a VPC. Lambda makes these calls with the function's role; the policy
 * denies them to the function's code.
 */
export const ON_NETWORK: readonly CommonPermission[] = [
  { action: 'ec2:CreateNetworkInterface', why: 'Lambda puts an interface into each subnet' },
  {
    action: 'ec2:DeleteNetworkInterface',
    why: 'Lambda removes its interfaces; CreateFunction requires this on all of EC2',
  },
  {
    action: 'ec2:AssignPrivateIpAddresses',
    why: 'Lambda assigns addresses to its interfaces; CreateFunction requires this on all of EC2',
  },
  {
    action: 'ec2:UnassignPrivateIpAddresses',
    why: 'Lambda takes the addresses back; CreateFunction requires this on all of EC2',
  },
  {
    action: 'ec2:DescribeNetworkInterfaces',
    why: 'Lambda looks at its interfaces; IAM has no resource for it',
  },
  { action: 'ec2:DescribeSubnets', why: 'Lambda looks at the subnets; IAM has no resource for it' },
].map((permission) => ({ ...permission, steps: [], source: VPC }));
