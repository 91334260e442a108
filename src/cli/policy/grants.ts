import {
  type CommonPermission,
  ON_KEY,
  ON_LOG,
  ON_NETWORK,
  ON_SECRET,
  type Permission,
  type RotatorNeeds,
} from '../../permissions.js';

/** What the owner of a function names. ARNs, or placeholders such as `{secret}`. */
export interface Named {
  /** Absent: every secret that names the function. */
  readonly secret?: string;
  readonly secretKey?: string;
  readonly admin?: string;
  readonly adminKey?: string;
  readonly targets: readonly string[];
}

/** Rights that have their resources and their condition in common. In ARNs, `{region}` and the like stay open. */
export interface Grant {
  readonly sid: string;
  readonly permissions: readonly (CommonPermission | Permission)[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Denied, not allowed. */
  readonly isDenied?: boolean;
}

const ANY_SECRET = 'arn:{partition}:secretsmanager:{region}:{account}:secret:*';
const NO_ADMIN = 'arn:{partition}:secretsmanager:{region}:{account}:secret:ADMINISTRATOR';

/** What the role of the function may do, but for the network. */
export function grantsFor({ permissions, onSecret = [] }: RotatorNeeds, named: Named): readonly Grant[] {
  const { secret = ANY_SECRET, secretKey } = named;
  return [
    secretGrant([...ON_SECRET, ...onSecret], secret),
    ...(secretKey === undefined ? [] : [keyGrant('KeyOfTheSecret', ON_KEY, secretKey, secret)]),
    ...ownGrants(permissions, named),
    { sid: 'Log', permissions: ON_LOG, resources: ['{streams}'] },
  ];
}

/** What the manifest of a rotator adds to that which the role of every rotation function may do. */
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

/** On the administrator's secret, and on what else the rotator works on. */
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

/** What Lambda itself does with the role in a VPC. Its own policy: the function cannot be made without it. */
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

/** In a VPC: the code of the function may not do what Lambda may with the same role. */
export function networkDenial(): Grant {
  return {
    sid: 'LambdaAloneAndNotItsCode',
    isDenied: true,
    permissions: ON_NETWORK,
    resources: ['*'],
    condition: { ArnEquals: { 'lambda:SourceFunctionArn': '{function}' } },
  };
}

/** What some secrets need, and the owner did not ask for. */
export function leftOut({ permissions }: RotatorNeeds, named: Named): readonly Permission[] {
  return permissions.filter((permission) => !isGiven(permission, named));
}

function isGiven({ on, onlyFor }: Permission, { admin, targets }: Named): boolean {
  if (onlyFor === undefined) return true;
  return on === 'administrator' ? admin !== undefined : targets.length > 0;
}

/** On a key, and through Secrets Manager alone, for this secret. */
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
