import {
  type CommonPermission,
  ON_KEY,
  ON_LOG,
  ON_NETWORK,
  ON_SECRET,
  type Permission,
  type RotatorNeeds,
} from '../../permissions.js';

/** The ARNs that the owner of a function gives, or placeholders such as `{secret}`. */
export interface Named {
  /** Absent: every secret that names the function. */
  readonly secret?: string;
  readonly secretKey?: string;
  readonly admin?: string;
  readonly adminKey?: string;
  readonly targets: readonly string[];
}

/** Rights with the same resources and condition. Parts of an ARN such as `{region}` are open. */
export interface Grant {
  readonly sid: string;
  readonly permissions: readonly (CommonPermission | Permission)[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Whether the rights are denied. */
  readonly isDenied?: boolean;
}

const ANY_SECRET = 'arn:{partition}:secretsmanager:{region}:{account}:secret:*';
const NO_ADMIN = 'arn:{partition}:secretsmanager:{region}:{account}:secret:ADMINISTRATOR';

/** Returns the rights of the function's role, without the network. */
export function grantsFor({ permissions, onSecret = [] }: RotatorNeeds, named: Named): readonly Grant[] {
  const { secret = ANY_SECRET, secretKey } = named;
  return [
    secretGrant([...ON_SECRET, ...onSecret], secret),
    ...(secretKey === undefined ? [] : [keyGrant('KeyOfTheSecret', ON_KEY, secretKey, secret)]),
    ...ownGrants(permissions, named),
    { sid: 'Log', permissions: ON_LOG, resources: ['{streams}'] },
  ];
}

/** Returns the rights that the manifest adds to those of every rotation function. */
export function declaredGrants({ permissions, onSecret = [] }: RotatorNeeds, named: Named): readonly Grant[] {
  return [
    ...(onSecret.length === 0 ? [] : [secretGrant(onSecret, named.secret ?? ANY_SECRET)]),
    ...ownGrants(permissions, named),
  ];
}

function secretGrant(permissions: readonly CommonPermission[], secret: string): Grant {
  return {
    sid: 'OnlySecretsThatNameThisFunction',
    permissions,
    resources: [secret],
    condition: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': '{function}' } },
  };
}

/** Returns the rights on the administrator's secret and on the targets. */
function ownGrants(permissions: readonly Permission[], named: Named): readonly Grant[] {
  const { admin = NO_ADMIN, adminKey, targets } = named;
  const given = permissions.filter((permission) => isGiven(permission, named));
  const onAdmin = given.filter(({ on }) => on === 'administrator');
  const grants: Grant[] = [];
  if (onAdmin.length > 0) {
    grants.push({ sid: 'Administrator', permissions: onAdmin, resources: [admin] });
    const decrypt = ON_KEY.filter(({ action }) => action === 'kms:Decrypt');
    if (adminKey !== undefined) grants.push(keyGrant('KeyOfTheAdministrator', decrypt, adminKey, admin));
  }
  return [...grants, ...targetGrants(given, targets)];
}

/** Returns what Lambda itself does with the role in a VPC. A separate policy: it must exist before the function. */
export function networkGrants(): readonly Grant[] {
  const on = (verb: RegExp) => ON_NETWORK.filter(({ action }) => verb.test(action));
  return [
    {
      sid: 'MakeInterfaces',
      permissions: on(/:Create/),
      resources: [
        'arn:{partition}:ec2:{region}:{account}:network-interface/*',
        'arn:{partition}:ec2:{region}:{account}:security-group/*',
        // A shared VPC's subnets are its owner's.
        'arn:{partition}:ec2:{region}:*:subnet/*',
      ],
    },
    {
      sid: 'Interfaces',
      permissions: on(/:(?:Delete|Assign|Unassign)/),
      // CreateFunction asks before there is an interface: “include all resource IDs, for example …:*/*”, says the guide.
      resources: ['arn:{partition}:ec2:{region}:{account}:*/*'],
    },
    { sid: 'LookAtInterfaces', permissions: on(/:Describe/), resources: ['*'] },
  ];
}

/** Denies the function's code, in a VPC, what Lambda may do with the same role. */
export function networkDenial(): Grant {
  return {
    sid: 'LambdaAloneAndNotItsCode',
    isDenied: true,
    permissions: ON_NETWORK,
    resources: ['*'],
    condition: { ArnEquals: { 'lambda:SourceFunctionArn': '{function}' } },
  };
}

/** Returns the rights that only some secrets need, and that the owner did not ask for. */
export function leftOut({ permissions }: RotatorNeeds, named: Named): readonly Permission[] {
  return permissions.filter((permission) => !isGiven(permission, named));
}

function isGiven({ on, onlyFor }: Permission, { admin, targets }: Named): boolean {
  if (onlyFor === undefined) return true;
  return on === 'administrator' ? admin !== undefined : targets.length > 0;
}

/** Grants rights on a key, only through Secrets Manager and for this secret. */
export function keyGrant(
  sid: string,
  permissions: readonly CommonPermission[],
  key: string,
  secret: string,
): Grant {
  const context = { 'kms:EncryptionContext:SecretARN': secret };
  const viaService = { 'kms:ViaService': 'secretsmanager.{region}.{urlSuffix}' };
  const condition = /[*?]/.test(secret)
    ? { StringEquals: viaService, StringLike: context }
    : { StringEquals: { ...viaService, ...context } };
  return { sid, permissions, resources: [key], condition };
}

function targetGrants(given: readonly Permission[], targets: readonly string[]): readonly Grant[] {
  const kinds = new Map(given.flatMap(({ on }) => (on === 'administrator' ? [] : [[on.name, on] as const])));
  return [...kinds.values()].map(({ name, arns }) => ({
    sid: name.charAt(0).toUpperCase() + name.slice(1),
    permissions: given.filter(({ on }) => on !== 'administrator' && on.name === name),
    resources: targets.length > 0 ? targets : arns,
  }));
}
