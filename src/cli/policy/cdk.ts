import { bundleOf, environmentNote, fill, grantsOf, interpolated, isOfList, oneOf } from './document.js';
import { type Grant, networkGrants } from './grants.js';
import type { PolicyOptions } from './options.js';

/** The expressions for the open parts of an ARN in an AWS CDK stack. */
const PARTS = interpolated({
  partition: 'this.partition',
  urlSuffix: 'this.urlSuffix',
  region: 'this.region',
  account: 'this.account',
  function: 'rotate.functionArn',
  // CloudFormation's ARN of a log group is that of its streams.
  streams: 'logGroup.logGroupArn',
  secret: 'secretArn',
  id: 'id',
});

/**
 * Returns a whole deployment for the AWS CDK. It avoids `addRotationSchedule`, which lets Secrets Manager invoke the function
 * for any account, grants GetRandomPassword on everything, and gives the role the secret even if another function rotates it.
 */
export function cdkStack(options: PolicyOptions): string {
  const { rotator, isOurs, needs, named, isInVpc, schedule, lifetimeDays } = options;
  const { secret } = named;
  const grants = grantsOf({ ...options, named: { ...named, secret: '{secret}' } });
  return `${imports(isInVpc)}
export interface RotationProps extends StackProps {
  /** The full ARN of the secret to rotate${secret ? `; by default ${secret}` : ''}. */
  readonly secretArn${secret ? '?' : ''}: string;
  /** The folder of the Lambda; by default ${bundleOf(options)}. */
  readonly bundle?: string;
  /** ${environmentNote(needs)} */
  readonly environment${needs.isEnvironmentRequired ? '' : '?'}: Record<string, string>;${isInVpc ? NETWORK_PROPS : ''}
}

/** Rotates a secret with ${isOurs ? "quarterturn's " : ''}${rotator}. */
export class RotationStack extends Stack {
  constructor(scope: Construct, id: string, props: RotationProps) {
    const { secretArn${secret ? ` = '${secret}'` : ''}, bundle = '${bundleOf(options)}', environment${isInVpc ? ', vpc, securityGroups' : ''}, ...rest } = props;
    super(scope, id, rest);
    const logGroup = new logs.LogGroup(this, 'Log', {
      retention: logs.RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),${isInVpc ? inline() : ''}
    });
    const rotate = new lambda.Function(this, 'Rotate', {
      code: lambda.Code.fromAsset(bundle),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(${needs.timeoutSeconds ?? 60}),
      environment: {
        ...environment,${lifetimeDays === undefined ? '' : `\n        KEY_LIFETIME_DAYS: '${lifetimeDays}',`}
        NODE_OPTIONS: '--disallow-code-generation-from-strings',
      },
      loggingFormat: lambda.LoggingFormat.JSON,
      logGroup,
      role,${isInVpc ? '\n      vpc,\n      securityGroups,' : ''}
    });
    // A separate policy: it names the function, which needs the role first.
    const policy = new iam.Policy(this, 'Policy', {
      roles: [role],
      statements: [
${grants.map((grant) => statement(grant, '        ')).join('\n')}
      ],
    });
    // Secrets Manager may invoke it, only for secrets of this account.
    const invoke = new lambda.CfnPermission(this, 'Invoke', {
      action: 'lambda:InvokeFunction',
      functionName: rotate.functionArn,
      principal: 'secretsmanager.amazonaws.com',
      sourceAccount: this.account,
    });
    // The deployment runs only testSecret, on the current value. The schedule rotates.
    const schedule = new secretsmanager.CfnRotationSchedule(this, 'Schedule', {
      secretId: secretArn,
      rotationLambdaArn: rotate.functionArn,
      rotateImmediatelyOnUpdate: false,
      rotationRules: { scheduleExpression: '${schedule}' },
    });
    schedule.node.addDependency(policy, invoke);
  }
}
`;
}

const NETWORK_PROPS = `
  readonly vpc: ec2.IVpc;
  readonly securityGroups: ec2.ISecurityGroup[];`;

function imports(isInVpc: boolean): string {
  const services = ['ec2', 'iam', 'lambda', 'logs', 'secretsmanager'].filter(
    (name) => isInVpc || name !== 'ec2',
  );
  return `import {
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
${services.map((name) => `  aws_${name} as ${name},`).join('\n')}
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
`;
}

function inline(): string {
  return `
      inlinePolicies: {
        network: new iam.PolicyDocument({
          statements: [
${networkGrants()
  .map((grant) => statement(grant, '            '))
  .join('\n')}
          ],
        }),
      },`;
}

function statement({ sid, permissions, resources, condition, isDenied }: Grant, indent: string): string {
  const tests = Object.entries(condition ?? {}).map(([test, keys]) => {
    const pairs = Object.entries(keys).map(([key, value]) => `'${key}': ${literal(value)}`);
    return `    ${test}: { ${pairs.join(', ')} },`;
  });
  return [
    'new iam.PolicyStatement({',
    `  sid: '${sid}',`,
    ...(isDenied ? ['  effect: iam.Effect.DENY,'] : []),
    '  actions: [',
    ...permissions.map(({ action, why }) => `    '${action}', // ${why}`),
    '  ],',
    ...(resources.length > 1
      ? ['  resources: [', ...resources.map((resource) => `    ${expression(resource)},`), '  ],']
      : [`  resources: [${resources.map(expression)}],`]),
    ...(condition ? ['  conditions: {', ...tests, '  },'] : []),
    '}),',
  ]
    .map((line) => indent + line)
    .join('\n');
}

/** Returns a resource as an expression. The stack's own security groups and subnets are named one by one. */
function expression(resource: string): string {
  const one = literal(oneOf(resource));
  if (!isOfList(resource)) return one;
  return resource.includes(':subnet/')
    ? `...vpc.selectSubnets().subnetIds.map((id) => ${one})`
    : `...securityGroups.map(({ securityGroupId: id }) => ${one})`;
}

function literal(text: string): string {
  const filled = fill(text, PARTS);
  const [, only] = /^\$\{(\w[\w.]*)\}$/.exec(filled) ?? [];
  return only ?? (filled.includes('${') ? `\`${filled}\`` : `'${filled}'`);
}
