import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PolicyDocument, policyDocument } from '../src/cli/policy/document.js';
import { grantsFor, type Named, networkDenial } from '../src/cli/policy/grants.js';
import {
  type CommonPermission,
  ON_KEY,
  ON_LOG,
  ON_NETWORK,
  ON_SECRET,
  type RotatorNeeds,
} from '../src/permissions.js';
import { deployed, isAllowed, type Json, objections, TEMPLATE, TEXT } from './support/cloudformation.js';

const ROOT = join(__dirname, '..');
const ROTATORS = readdirSync(join(ROOT, 'rotators'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('/lambda.ts'))
  .map(dirname)
  .sort();

const ACCOUNT = 'eu-west-1:123456789012';
const FUNCTION = `arn:aws:lambda:${ACCOUNT}:function:rotate`;
const STREAMS = `arn:aws:logs:${ACCOUNT}:log-group:rotate:*`;
const ATTRIBUTES = {
  'Function.Arn': FUNCTION,
  'Log.Arn': STREAMS,
  'FunctionSecurityGroup.GroupId': 'sg-1',
};
const PARTS = {
  partition: 'aws',
  region: 'eu-west-1',
  account: '123456789012',
  urlSuffix: 'amazonaws.com',
  function: FUNCTION,
  streams: STREAMS,
};
const ADMIN = `arn:aws:secretsmanager:${ACCOUNT}:secret:boss-AbCdEf`;
const [KEY, ADMIN_KEY] = [`arn:aws:kms:${ACCOUNT}:key/1`, `arn:aws:kms:${ACCOUNT}:key/2`];
const DATABASES = [`arn:aws:rds:${ACCOUNT}:db:db-1`, `arn:aws:rds:${ACCOUNT}:cluster:aurora`];
const USERS = ['arn:aws:iam::123456789012:user/app'];
const IN_VPC = { VpcId: 'vpc-1', SubnetIds: 'subnet-1,subnet-2', CreateEndpoints: 'true' };

const needsOf = (rotator: string): RotatorNeeds => require(join(ROOT, 'rotators', rotator, 'permissions.ts'));

/** All that a rotator can be given, or what it must be, in the words of `quarterturn policy` and of the template. */
function given(rotator: string, which: 'all' | 'what it must') {
  const isWanted = ({ onlyFor }: { onlyFor?: string }) => which === 'all' || onlyFor === undefined;
  const kinds = needsOf(rotator)
    .permissions.filter(isWanted)
    .map(({ on }) => (on === 'administrator' ? on : on.name));
  const targets = kinds.includes('databases') ? DATABASES : kinds.includes('users') ? USERS : [];
  const hasAdmin = kinds.includes('administrator');
  const named: Named = {
    targets,
    ...(hasAdmin && { admin: ADMIN, adminKey: ADMIN_KEY }),
    ...(which === 'all' && { secretKey: KEY }),
  };
  const parameters = {
    Rotator: rotator,
    Targets: targets.join(','),
    ...(hasAdmin && { AdminSecretArn: ADMIN, AdminKeyArn: ADMIN_KEY }),
    ...(which === 'all' && { SecretKeyArn: KEY }),
  };
  return { named, parameters };
}

const policyOf = (parameters: Record<string, string>) =>
  deployed(parameters, ATTRIBUTES).RotationPolicy?.PolicyDocument as unknown as PolicyDocument;

/** Each right that a rotator needs: who misses it, the action, and the beginning of the resource. */
function missable(rotator: string) {
  const on = (where: string) => (permission: CommonPermission) => {
    const { steps, source, action } = permission;
    return [source ?? `${steps.join(', ')} of ${rotator}`, action, where] as const;
  };
  return [
    ...[...ON_SECRET, ...(needsOf(rotator).onSecret ?? [])].map(
      on(`arn:aws:secretsmanager:${ACCOUNT}:secret:`),
    ),
    ...ON_KEY.map(on(KEY!)),
    ...ON_LOG.map(on(`arn:aws:logs:${ACCOUNT}:log-group:rotate:`)),
    ...needsOf(rotator).permissions.map((permission) =>
      on(
        permission.on === 'administrator'
          ? ADMIN
          : permission.on.name === 'users'
            ? USERS[0]!
            : DATABASES[0]!,
      )(permission),
    ),
  ];
}

/** A list of one is the same to IAM as the one. */
const one = (statement: PolicyDocument['Statement'][number]) => ({ ...statement, Resource: '*' });

/** A policy as single rights, in an order of their own. */
function rights({ Statement }: PolicyDocument): readonly string[] {
  const all = Statement.flatMap(({ Effect, Action, Resource, Condition }) =>
    [Action].flat().flatMap((action) =>
      [Resource ?? ''].flat().map((resource) => {
        const only = Condition ? ` if ${JSON.stringify(Condition)}` : '';
        return `${Effect} ${action} on ${resource}${only}`;
      }),
    ),
  );
  return all.sort();
}

test('it offers the rotators that are there, and each says what it needs', () => {
  expect([...(TEMPLATE.Parameters.Rotator!.AllowedValues as readonly string[])].sort()).toEqual(ROTATORS);
  for (const rotator of ROTATORS) expect(Array.isArray(needsOf(rotator).permissions)).toBe(true);
});

describe.each(ROTATORS)('%s', (rotator) => {
  test.each(['all', 'what it must'] as const)(
    'given %s, gets the rights that quarterturn policy prints',
    (which) => {
      const { named, parameters } = given(rotator, which);
      const printed = policyDocument(grantsFor(needsOf(rotator), named), PARTS);
      expect(rights(policyOf(parameters))).toEqual(rights(printed));
    },
  );

  // One by one, so that a right which is missing says who misses it.
  test.each(missable(rotator))('%s: %s on %s', (_, action, on) => {
    const granted = rights(policyOf(given(rotator, 'all').parameters));
    expect(granted).toContainEqual(expect.stringMatching(`^Allow ${action} on ${on}`));
  });

  test('has the time that it takes, and an alarm when four fifths of it are over', () => {
    const { Function: made, DurationAlarm } = deployed({ Rotator: rotator, AlarmTopicArn: 'arn:aws:sns:x' });
    const { timeoutSeconds = 60 } = needsOf(rotator);
    expect(made).toMatchObject({
      Timeout: timeoutSeconds,
      Handler: `${rotator.replace('/', '-')}/index.handler`,
    });
    expect(DurationAlarm?.Threshold).toBe(timeoutSeconds * 800);
  });
});

test('nobody gets what is another rotator’s', () => {
  const everything = { AdminSecretArn: ADMIN, AdminKeyArn: ADMIN_KEY, SecretKeyArn: KEY };
  const granted = policyOf({
    ...everything,
    Rotator: 'service-token',
    Targets: [...DATABASES, ...USERS].join(','),
  });
  expect(granted.Statement.map(({ Sid }) => Sid)).toEqual([
    'OnlySecretsThatNameThisFunction',
    'KeyOfTheSecret',
    'Log',
  ]);
});

describe('in a VPC', () => {
  const made = deployed({ ...IN_VPC, DatabaseSecurityGroupId: 'sg-9' }, ATTRIBUTES);

  test('Lambda gets what it needs for its interfaces, and the function’s code is denied it', () => {
    const [network] = made.Role!.Policies as unknown as { PolicyDocument: PolicyDocument }[];
    const own = `arn:aws:ec2:${ACCOUNT}`;
    const making = [
      `${own}:network-interface/*`,
      `${own}:security-group/sg-1`,
      'arn:aws:ec2:eu-west-1:*:subnet/*',
    ];
    const resourcesOf = (action: string) => {
      if (action === 'ec2:CreateNetworkInterface') return making;
      // Lambda names no interface when it asks whether it may delete one: the function would not be made.
      return action.startsWith('ec2:Describe') ? ['*'] : [`${own}:*/*`];
    };
    const needed = ON_NETWORK.flatMap(({ action }) =>
      resourcesOf(action).map((resource) => `Allow ${action} on ${resource}`),
    );
    expect(rights(network!.PolicyDocument)).toEqual(needed.sort());
    const denied = policyOf(IN_VPC).Statement.filter(({ Effect }) => Effect === 'Deny');
    expect(denied).toEqual(policyDocument([networkDenial()], PARTS).Statement.map(one));
  });

  test('lets out what the function needs, and in nothing', () => {
    const egress = made.FunctionSecurityGroup!.SecurityGroupEgress as readonly Record<string, Json>[];
    expect(
      egress.map(({ FromPort, CidrIp, DestinationSecurityGroupId: group }) => [FromPort, CidrIp ?? group]),
    ).toEqual([
      [443, '127.0.0.1/32'],
      [443, '<EndpointSecurityGroup.GroupId>'],
      [5432, 'sg-9'],
    ]);
    expect(made.FunctionSecurityGroup).not.toHaveProperty('SecurityGroupIngress');
    expect(made.DatabaseIngress).toMatchObject({
      GroupId: 'sg-9',
      SourceSecurityGroupId: 'sg-1',
      FromPort: 5432,
    });
  });

  test('the endpoints are this function’s alone, which asks for them by their own names', () => {
    const withRds = deployed({ ...IN_VPC, Targets: DATABASES.join(',') });
    expect(made).not.toHaveProperty('RdsEndpoint');
    for (const endpoint of [made.SecretsManagerEndpoint, withRds.RdsEndpoint]) {
      expect(endpoint?.PrivateDnsEnabled).toBe(false);
      expect(JSON.stringify(endpoint?.PolicyDocument)).toContain(
        '{"ArnEquals":{"aws:PrincipalArn":"<Role.Arn>"}}',
      );
    }
    const { Variables } = withRds.Function!.Environment as { Variables: Record<string, string> };
    expect(Object.keys(Variables)).toEqual([
      'NODE_OPTIONS',
      'SECRETS_MANAGER_ENDPOINT',
      'AWS_ENDPOINT_URL_RDS',
    ]);
  });
});

test.each([
  ['aws', 'eu-west-1', 'com.amazonaws.eu-west-1.rds'],
  ['aws-us-gov', 'us-gov-west-1', 'com.amazonaws.us-gov-west-1.rds'],
  ['aws-cn', 'cn-north-1', 'cn.com.amazonaws.cn-north-1.rds'],
])('in the partition %s it asks for the endpoint services by their names there', (partition, region, rds) => {
  const { RdsEndpoint, SecretsManagerEndpoint } = deployed({
    ...IN_VPC,
    Targets: DATABASES.join(','),
    'AWS::Partition': partition,
    'AWS::Region': region,
  });
  expect(RdsEndpoint?.ServiceName).toBe(rds);
  expect(SecretsManagerEndpoint?.ServiceName).toBe(`com.amazonaws.${region}.secretsmanager`);
});

describe('by itself', () => {
  const made = deployed({});

  test('it is one function on nodejs24.x and arm64, with a role of its own and nothing in its environment', () => {
    expect(Object.keys(made)).toEqual(['Function', 'Log', 'Role', 'RotationPolicy', 'InvokePermission']);
    expect(made.Function).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Role: '<Role.Arn>',
    });
    expect(made.Function?.Environment).toEqual({
      Variables: { NODE_OPTIONS: '--disallow-code-generation-from-strings' },
    });
    expect(made.Role).not.toHaveProperty('Policies');
    expect(made.Role).not.toHaveProperty('ManagedPolicyArns');
  });

  test('Secrets Manager alone may invoke it, and for this account alone', () => {
    expect(made.InvokePermission).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: '<Function.Arn>',
      Principal: 'secretsmanager.amazonaws.com',
      SourceAccount: '123456789012',
    });
  });

  test('what it leaves behind ends: the log is kept for 90 days', () => {
    expect(made.Log).toEqual({ RetentionInDays: 90 });
  });

  test('what it leaves behind is the log and the secret, but not of a first deployment that is rolled back', () => {
    const kept = Object.entries(TEMPLATE.Resources).filter(([, resource]) => 'DeletionPolicy' in resource);
    expect(kept.map(([name]) => name)).toEqual(['Log', 'Secret']);
    for (const [, resource] of kept) {
      expect(resource).toMatchObject({
        DeletionPolicy: 'RetainExceptOnCreate',
        UpdateReplacePolicy: 'Retain',
      });
    }
  });
});

test.each([
  ['one that is there', { SecretArn: 'arn:1' }, 'arn:1'],
  ['one that is made', { NewSecret: '{"username":"app"}' }, '<Secret>'],
])('a secret, %s, is attached with a schedule, and is not rotated at once', (_, which, SecretId) => {
  expect(deployed(which)).not.toHaveProperty('Rotation');
  expect(deployed({ ...which, Schedule: 'rate(30 days)' }).Rotation).toEqual({
    SecretId,
    RotationLambdaARN: '<Function.Arn>',
    RotationRules: { ScheduleExpression: 'rate(30 days)' },
    RotateImmediatelyOnUpdate: false,
  });
  // When it is made it runs testSecret, which needs the rights and the ways.
  const ways = Object.entries(TEMPLATE.Resources).filter(([, { Type }]) => /Ingress$/.test(String(Type)));
  const { DependsOn, Metadata } = TEMPLATE.Resources.Rotation!;
  expect(DependsOn).toEqual(['InvokePermission', 'RotationPolicy']);
  expect(Metadata).toEqual({
    Ways: ways.map(([Ref, { Condition }]) => ({ 'Fn::If': [Condition, { Ref }, { Ref: 'AWS::NoValue' }] })),
  });
});

describe('what can never rotate is refused', () => {
  /** With what this rotator must have in any case. */
  const objectionsTo = (rotator: string, parameters: Record<string, string>) =>
    objections({ ...given(rotator, 'what it must').parameters, ApiKeySpec: '{}', ...parameters });
  const OUT = { OutboundCidr: '0.0.0.0/0' };
  const SERVER = { DatabaseSecurityGroupId: 'sg-9' };
  const NEW = { NewSecret: '{"username":"app"}' };

  test.each(ROTATORS)('but %s with all that it needs is not, in a VPC or in none', (rotator) => {
    const scheduled = { SecretArn: ADMIN, Schedule: 'rate(30 days)' };
    expect(objectionsTo(rotator, {})).toEqual([]);
    expect(objectionsTo(rotator, scheduled)).toEqual([]);
    expect(objectionsTo(rotator, { ...scheduled, ...IN_VPC, ...OUT, ...SERVER })).toEqual([]);
  });

  test.each([
    ['postgres', [SERVER], [{}, OUT]],
    ['postgres/alternating-users', [SERVER], [{}, OUT]],
    ['postgres/rds-instance', [SERVER], [{}, OUT]],
    ['api-key/datadog', [OUT], [{}, SERVER]],
    ['entra', [OUT], [{}, SERVER]],
    ['iam', [OUT], [{}, SERVER]],
    ['iam/ses-smtp', [OUT], [{}, SERVER]],
    ['api-key', [OUT, SERVER], [{}]],
    ['api-key/elasticsearch', [OUT, SERVER], [{}]],
    ['api-key/gitlab', [OUT, SERVER], [{}]],
    ['service-token', [{}, OUT, SERVER], []],
  ])('%s in a VPC without a way to its server', (rotator, ways, noWays) => {
    for (const way of ways) expect(objectionsTo(rotator, { ...IN_VPC, ...way })).toEqual([]);
    for (const way of noWays) {
      expect(objectionsTo(rotator, { ...IN_VPC, ...way })).toEqual([
        expect.stringMatching(/^In a VPC, this rotator needs .*(OutboundCidr|DatabaseSecurityGroupId)/),
      ]);
    }
  });

  test('each rotator that is offered is in one of those rules, or asks nobody', () => {
    const asking = ROTATORS.filter((rotator) => objectionsTo(rotator, IN_VPC).length > 0);
    expect(ROTATORS.filter((rotator) => !asking.includes(rotator))).toEqual(['service-token']);
  });

  test('a schedule of no secret', () => {
    expect(objectionsTo('postgres', { Schedule: 'rate(30 days)' })).toEqual([
      'Schedule needs SecretArn or NewSecret - else nothing is rotated',
    ]);
    expect(objectionsTo('postgres', { Schedule: 'rate(30 days)', ...NEW })).toEqual([]);
  });

  const ending = ROTATORS.filter((rotator) => needsOf(rotator).lifetime !== undefined);

  test.each(ROTATORS)('%s: a lifetime of keys, if its keys do not end', (rotator) => {
    expect(objectionsTo(rotator, { KeyLifetimeDays: '180' })).toEqual(
      ending.includes(rotator) ? [] : [expect.stringMatching(/^KeyLifetimeDays is for /)],
    );
  });

  test.each(ending)(
    '%s: of the usual lifetimes and schedules, those of which one is not twice the other',
    (rotator) => {
      const days = [30, 45, 60, 90, 120, 180, 365];
      const scheduled = (each: number) => ({ SecretArn: ADMIN, Schedule: `rate(${each} days)` });
      const refused = (lifetime: string) =>
        days.filter(
          (each) => objectionsTo(rotator, { ...scheduled(each), KeyLifetimeDays: lifetime }).length > 0,
        );
      expect(refused('30')).toEqual([30, 45, 60, 90, 120, 180, 365]);
      expect(refused('60')).toEqual([45, 60, 90, 120, 180, 365]);
      expect(refused('90')).toEqual([60, 90, 120, 180, 365]);
      expect(refused('180')).toEqual([120, 180, 365]);
      expect(refused('365')).toEqual([365]);
      expect(refused('')).toEqual(rotator === 'api-key/gitlab' ? [60, 90, 120, 180, 365] : []);
    },
  );

  test.each(ROTATORS)('%s: a made secret, if it needs a key of a provider', (rotator) => {
    expect(objectionsTo(rotator, NEW)).toEqual(
      /^(api-key|iam|entra)/.test(rotator) ? [expect.stringMatching(/^NewSecret makes a password/)] : [],
    );
    expect(objectionsTo(rotator, { ...NEW, SecretArn: ADMIN })).toContain('SecretArn or NewSecret, not both');
  });
});

test('alarms tell of steps that fail or are slow, and of rotations that failed or were given up', () => {
  const { ErrorsAlarm, DurationAlarm, RotationFailed } = deployed({ AlarmTopicArn: 'arn:aws:sns:x' });
  for (const alarm of [ErrorsAlarm, DurationAlarm]) {
    expect(alarm).toMatchObject({ AlarmActions: ['arn:aws:sns:x'], TreatMissingData: 'notBreaching' });
  }
  expect(RotationFailed?.EventPattern).toMatchObject({
    source: ['aws.secretsmanager'],
    detail: { eventName: ['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'] },
  });
});

test.each(ROTATORS)(
  '%s: is given the lifetime of its keys, with an alarm for those that end early, if they end',
  (rotator) => {
    const { lifetime, environment = [] } = needsOf(rotator);
    const made = deployed({ Rotator: rotator, KeyLifetimeDays: '180', AlarmTopicArn: 'arn:aws:sns:x' });
    const { Variables } = made.Function!.Environment as { Variables: Record<string, string> };
    expect(Variables.KEY_LIFETIME_DAYS).toBe(lifetime && '180');
    expect(environment.includes('KEY_LIFETIME_DAYS')).toBe(lifetime !== undefined);
    expect(made.KeyEndsEarlyAlarm?.Dimensions).toEqual(
      lifetime && [{ Name: 'rotator', Value: rotator.split('/').at(-1) }],
    );
    expect(deployed({ Rotator: rotator, KeyLifetimeDays: '180' })).not.toHaveProperty('KeyEndsEarlyAlarm');
  },
);

test('with a limit of concurrency, an alarm tells of steps that were refused', () => {
  const topic = { AlarmTopicArn: 'arn:aws:sns:x' };
  const limit = { ReservedConcurrency: '5' };
  for (const parameters of [topic, limit]) expect(deployed(parameters)).not.toHaveProperty('ThrottlesAlarm');
  expect(deployed({ ...topic, ...limit }).ThrottlesAlarm).toMatchObject({
    MetricName: 'Throttles',
    AlarmActions: ['arn:aws:sns:x'],
    TreatMissingData: 'notBreaching',
  });
});

test('no wildcard stands where IAM knows a resource, but for secrets that name the function, and Lambda’s interfaces', () => {
  const stars = (resources: readonly string[]) => resources.filter((resource) => resource.includes('*'));
  for (const rotator of ROTATORS) {
    const { Statement } = policyOf({ ...given(rotator, 'all').parameters, ...IN_VPC });
    for (const { Sid, Effect, Resource = [], Condition } of Statement) {
      if (Sid === 'OnlySecretsThatNameThisFunction') {
        expect(Condition).toEqual({
          StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': FUNCTION },
        });
      } else if (Effect === 'Allow' && Sid !== 'Log') {
        expect(stars([Resource].flat())).toEqual([]);
      }
    }
  }
});

/** What each of these parameters takes, and, of what looks like it, what it does not. */
const EXACT = {
  SecretArn: [
    [ADMIN, `arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/app+1=a.b@c-d-AbCdEf`],
    [
      'app',
      'arn:aws:secretsmanager:*:secret:*-master',
      `arn:aws:secretsmanager:${ACCOUNT}:secret:*-AbCdEf`,
      `arn:aws:secretsmanager:${ACCOUNT}:secret:ap?-AbCdEf`,
      `arn:aws:secretsmanager:${ACCOUNT}:secret:app-??????`,
      'arn:aws:secretsmanager:*:123456789012:secret:app-AbCdEf',
      'arn:aws:secretsmanager:eu-west-1:*:secret:app-AbCdEf',
      `${ADMIN},${ADMIN}`,
    ],
  ],
  Targets: [
    [DATABASES.join(','), USERS[0]!, 'arn:aws-us-gov:iam::123456789012:user/apps/a.b@c=d+e'],
    [
      'a,,b',
      'arn:aws:iam::1:user/*,arn:aws:iam::1:user/a',
      `arn:aws:iam::123456789012:user/*,${USERS}`,
      'arn:aws:iam::123456789012:user/ap?',
      'arn:aws:rds:*:123456789012:db:db-1',
      'arn:aws:s3:::bucket',
      `${USERS},`,
      `,${USERS}`,
      `${USERS},,${USERS}`,
      `${USERS}, ${USERS}`,
    ],
  ],
  SecretKeyArn: [
    [KEY, `arn:aws:kms:${ACCOUNT}:key/mrk-0a1b`],
    [
      'alias/app',
      `arn:aws:kms:${ACCOUNT}:key/*`,
      `arn:aws:kms:${ACCOUNT}:alias/app`,
      'arn:aws:kms:*:*:key/1',
    ],
  ],
};

test.each([
  ...Object.entries(EXACT),
  ['AdminSecretArn', EXACT.SecretArn] as const,
  ...['AdminKeyArn', 'EnvironmentKeyArn', 'LogKeyArn'].map((name) => [name, EXACT.SecretKeyArn] as const),
])('%s takes what is named in full, or nothing, and no pattern', (name, [good, bad]) => {
  expect(['', ...good!].filter((value) => !isAllowed(name, value))).toEqual([]);
  expect(bad!.filter((value) => isAllowed(name, value))).toEqual([]);
});

test('KeyLifetimeDays takes days that an application of Entra or a key of Elasticsearch may have, or nothing', () => {
  const taken = (days: string) => isAllowed('KeyLifetimeDays', days);
  expect(
    ['', '1', '90', '400', '999', '1000', '2999', '3599', '3649', '3650'].filter((days) => !taken(days)),
  ).toEqual([]);
  expect(['0', '07', '3651', '3700', '4000', '10000', '-1', '90d', '1.5', ' 90'].filter(taken)).toEqual([]);
});

test('a reason stands beside each right', () => {
  const lines = TEXT.split('\n').filter((line) => /^ +- [a-z0-9]+:[A-Z]\w+/.test(line));
  expect(lines.length).toBeGreaterThan(30);
  for (const line of lines) expect(line).toMatch(/ # \w/);
  expect(TEXT).not.toMatch(/Action: (?!lambda:InvokeFunction|sts:AssumeRole)\S/);
});

test('it carries the package’s version and licence', () => {
  const { version, license } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  expect(TEMPLATE.Metadata['AWS::ServerlessRepo::Application']).toMatchObject({
    SemanticVersion: version,
    SpdxLicenseId: license,
  });
});

test('the Serverless Application Repository takes its name and author', () => {
  const { Name, Author } = TEMPLATE.Metadata['AWS::ServerlessRepo::Application'] as Record<string, string>;
  expect(Name).toMatch(/^[a-zA-Z0-9-]{1,140}$/);
  expect(Author).toMatch(/^[a-z0-9](([a-z0-9]|-(?!-))*[a-z0-9])?$/);
});
