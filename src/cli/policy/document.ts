import type { RotatorNeeds } from '../../permissions.js';
import { type Grant, grantsFor, networkDenial, networkGrants } from './grants.js';
import type { PolicyOptions } from './options.js';

/** Values for the open parts of an ARN: `{region}`, `{function}` … */
export type Parts = Readonly<Record<string, string>>;

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: object;
  readonly Action: readonly string[] | string;
  readonly Resource?: readonly string[] | string;
  readonly Condition?: object;
}

/** A policy, as IAM and Lambda take it. */
export interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** Returns a function's rights as one JSON object. */
export function policyReport(options: PolicyOptions, parts: Parts) {
  const { rotator, needs, isInVpc, schedule, lifetimeDays } = options;
  const grants = grantsOf(options);
  const { function: FunctionName, account: SourceAccount } = parts;
  const Principal = 'secretsmanager.amazonaws.com';
  return {
    rotator,
    function: {
      bundle: bundleOf(options),
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      architecture: 'arm64',
      timeoutSeconds: needs.timeoutSeconds ?? 60,
      ...(lifetimeDays !== undefined && { environment: { KEY_LIFETIME_DAYS: String(lifetimeDays) } }),
    },
    ...(schedule !== undefined && { rotationRules: { ScheduleExpression: schedule } }),
    trustPolicy: trustPolicy(),
    executionPolicy: policyDocument(grants, parts),
    ...(isInVpc && { networkPolicy: policyDocument(networkGrants(), parts) }),
    functionPolicy: functionPolicy(parts),
    addPermission: {
      ...{
        FunctionName,
        StatementId: 'SecretsManager',
        Action: 'lambda:InvokeFunction',
        Principal,
        SourceAccount,
      },
    },
    reasons: [...grants, ...(isInVpc ? networkGrants() : [])].flatMap((grant) =>
      grant.permissions.map((permission) => ({ sid: grant.sid, ...reasonOf(permission) })),
    ),
  };
}

/** Returns the grants of the execution policy. */
export function grantsOf({ needs, named, isInVpc }: PolicyOptions): readonly Grant[] {
  return [...grantsFor(needs, named), ...(isInVpc ? [networkDenial()] : [])];
}

/** Returns the folder of the rotator's Lambda, as seen from a project that has the package installed. */
export function bundleOf({ rotator, isOurs }: PolicyOptions): string {
  return `${isOurs ? 'node_modules/quarterturn/' : ''}dist/lambda/${rotator.replaceAll('/', '-')}`;
}

/** Returns the comment above the environment variables of a deployment. */
export function environmentNote({ environment, isEnvironmentRequired = false }: RotatorNeeds): string {
  const names = [...environment, 'SECRETS_MANAGER_ENDPOINT'].join(', ');
  return `Environment variables of the function. It reads ${names}.${isEnvironmentRequired ? ` Without ${environment} it does not start.` : ''}`;
}

export function functionName(rotator: string): string {
  return `quarterturn-${rotator.replaceAll('/', '-')}`;
}

/** Returns the open parts, from the ARNs that were given. */
export function policyParts({
  rotator,
  functionArn,
  named: { secret },
}: Pick<PolicyOptions, 'rotator' | 'functionArn' | 'named'>): Parts {
  const [, partition = 'aws', , region = 'REGION', account = 'ACCOUNT'] = (functionArn ?? secret ?? '').split(
    ':',
  );
  const name = functionArn?.split(':').at(-1) ?? functionName(rotator);
  return {
    partition,
    region,
    account,
    urlSuffix: partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com',
    function: functionArn ?? `arn:${partition}:lambda:${region}:${account}:function:${name}`,
    streams: `arn:${partition}:logs:${region}:${account}:log-group:/aws/lambda/${name}:*`,
  };
}

/** Returns expressions of another language, as interpolated in its strings. */
export function interpolated(expressions: Parts): Parts {
  return Object.fromEntries(Object.entries(expressions).map(([name, of]) => [name, `\${${of}}`]));
}

/** Replaces open parts with their values. */
export function fill(text: string, parts: Parts): string {
  return text.replace(/\{(\w+)\}/g, (open, name) => parts[name] ?? open);
}

/** Whether a resource is security groups or subnets: a deployment names its own. */
export function isOfList(resource: string): boolean {
  return /:(?:security-group|subnet)\/\*$/.test(resource);
}

/** Returns one of them, by its `{id}`; any other resource as it is. */
export function oneOf(resource: string): string {
  return isOfList(resource) ? resource.replace(/\*$/, '{id}') : resource;
}

export function policyDocument(grants: readonly Grant[], parts: Parts): PolicyDocument {
  return { Version: '2012-10-17', Statement: grants.map((grant) => statement(grant, parts)) };
}

/** Lets Lambda assume the role. */
function trustPolicy(): PolicyDocument {
  const Principal = { Service: 'lambda.amazonaws.com' };
  return {
    Version: '2012-10-17',
    Statement: [{ Sid: 'Lambda', Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }],
  };
}

/** Lets Secrets Manager invoke the function, for the secrets of one account. */
function functionPolicy({ function: Resource = '', account = '' }: Parts): PolicyDocument {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SecretsManager',
        Effect: 'Allow',
        Principal: { Service: 'secretsmanager.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource,
        Condition: { StringEquals: { 'AWS:SourceAccount': account } },
      },
    ],
  };
}

function reasonOf({ action, steps, why, ...rest }: Grant['permissions'][number]) {
  return { action, steps, why, ...('source' in rest && { source: rest.source }) };
}

function statement({ sid, permissions, resources, condition, isDenied }: Grant, parts: Parts): Statement {
  return {
    Sid: sid,
    Effect: isDenied ? 'Deny' : 'Allow',
    Action: permissions.map(({ action }) => action),
    Resource: resources.map((resource) => fill(resource, parts)),
    ...(condition && { Condition: filled(condition, parts) }),
  };
}

function filled(condition: NonNullable<Grant['condition']>, parts: Parts): object {
  const entries = Object.entries(condition).map(([operator, keys]) => {
    const values = Object.entries(keys).map(([key, value]) => [key, fill(value, parts)]);
    return [operator, Object.fromEntries(values)];
  });
  return Object.fromEntries(entries);
}
