import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PolicyDocument, policyDocument } from '../src/cli/policy/document.js';
import { networkDenial } from '../src/cli/policy/grants.js';
import type { LambdaManifest } from '../src/index.js';
import { ON_NETWORK } from '../src/permissions.js';
import { deployed, isAllowed, type Json, objections, TEMPLATE, TEXT } from './support/cloudformation.js';
import { manifestOf, ROOT, rotatorsIn } from './support/rotators.js';
import * as gaps from './support/template-gaps.js';
import {
  ACCOUNT,
  ADMIN,
  ADMIN_KEY,
  ATTRIBUTES,
  DATABASES,
  FUNCTION,
  KEY,
  PARTS,
  policyOf,
  rights,
  templateGaps,
  USERS,
} from './support/template-gaps.js';

const ROTATORS = rotatorsIn();
const MANIFESTS = new Map(ROTATORS.map((rotator) => [rotator, manifestOf(rotator)]));
const IN_VPC = { VpcId: 'vpc-1', SubnetIds: 'subnet-1,subnet-2', CreateEndpoints: 'true' };

const given = (rotator: string, which: 'all' | 'what it must') =>
  gaps.given(rotator, manifestOf(rotator), which);

/** A list of one is the same to IAM as the one. */
const one = (statement: PolicyDocument['Statement'][number]) => ({ ...statement, Resource: '*' });

test('it has what the manifests of the rotators say, and of no others', () => {
  expect(templateGaps(MANIFESTS)).toEqual([]);
});

describe('the line that is to be changed is named', () => {
  const withChange = (rotator: string, change: Partial<LambdaManifest>) =>
    templateGaps(new Map([...MANIFESTS, [rotator, { ...manifestOf(rotator), ...change }]]));

  test.each([
    [
      'another right',
      'postgres',
      {
        permissions: [
          ...manifestOf('postgres').permissions,
          {
            action: 'secretsmanager:TagResource',
            on: 'administrator',
            steps: ['setSecret'],
            why: '',
          } as const,
        ],
      },
      [
        `RotationPolicy lacks "Allow secretsmanager:TagResource on ${ADMIN}", which setSecret of postgres needs`,
      ],
    ],
    [
      'one right less',
      'postgres',
      { onSecret: [] },
      [
        expect.stringMatching(
          /^RotationPolicy has "Allow secretsmanager:ListSecretVersionIds on .*", which postgres does not declare$/,
        ),
      ],
    ],
    [
      'another timeout',
      'entra',
      { timeoutSeconds: 200 },
      [
        'Function.Timeout is 180 for entra, which needs 200',
        'DurationAlarm.Threshold is 144000 for entra, which needs 160000',
      ],
    ],
    [
      'a lifetime',
      'api-key/datadog',
      { lifetime: { mostDays: 30 } },
      ['Conditions.MakesKeysThatEnd lacks api-key/datadog'],
    ],
    [
      'no lifetime',
      'entra',
      { lifetime: undefined },
      ['Conditions.MakesKeysThatEnd has entra, which declares no lifetime'],
    ],
    [
      'a variable of another name',
      'api-key/datadog',
      { environment: ['DATADOG_SITE'] },
      [
        'Function.Environment.Variables lacks DATADOG_SITE, which api-key/datadog reads',
        'Function.Environment.Variables has DATADOG_URL, which no rotator reads',
      ],
    ],
  ])('for %s', (_, rotator, change, lines) => {
    expect(withChange(rotator, change as Partial<LambdaManifest>)).toEqual(lines);
  });

  test('for a rotator that is new, and for one that is gone', () => {
    const { iam, ...others } = Object.fromEntries(MANIFESTS);
    expect(templateGaps(new Map(Object.entries({ ...others, 'iam/roles': iam! }))).slice(0, 2)).toEqual([
      'Parameters.Rotator.AllowedValues lacks iam/roles',
      'Parameters.Rotator.AllowedValues has iam, which has no lambda.ts',
    ]);
  });
});

test.each(ROTATORS)('%s has a folder of its own in what is deployed', (rotator) => {
  const Handler = `${rotator.replace('/', '-')}/index.handler`;
  expect(deployed({ Rotator: rotator }).Function).toMatchObject({ Handler });
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

  test.each(ROTATORS)(
    '%s reaches the port of its database, or the one that is given, and no other',
    (rotator) => {
      const portsOf = (parameters: Record<string, string>) => {
        const { DatabaseIngress, FunctionSecurityGroup } = deployed({
          ...given(rotator, 'what it must').parameters,
          ...IN_VPC,
          DatabaseSecurityGroupId: 'sg-9',
          ...parameters,
        });
        const egress = FunctionSecurityGroup!.SecurityGroupEgress as readonly Record<string, Json>[];
        return [DatabaseIngress!, egress.at(-1)!].flatMap(({ FromPort, ToPort }) => [FromPort, ToPort]);
      };
      const port = rotator.startsWith('mysql') ? 3306 : 5432;
      expect(portsOf({})).toEqual([port, port, port, port]);
      expect(portsOf({ DatabasePort: '6543' })).toEqual(['6543', '6543', '6543', '6543']);
    },
  );

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
    ['mysql', [SERVER], [{}, OUT]],
    ['mysql/alternating-users', [SERVER], [{}, OUT]],
    ['mysql/rds-instance', [SERVER], [{}, OUT]],
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

  test.each(ROTATORS.filter((rotator) => 'AdminSecretArn' in given(rotator, 'what it must').parameters))(
    '%s without its administrator',
    (rotator) => {
      expect(objectionsTo(rotator, { AdminSecretArn: '' })).toEqual(['This rotator needs AdminSecretArn']);
    },
  );

  test('a schedule of no secret', () => {
    expect(objectionsTo('postgres', { Schedule: 'rate(30 days)' })).toEqual([
      'Schedule needs SecretArn or NewSecret',
    ]);
    expect(objectionsTo('postgres', { Schedule: 'rate(30 days)', ...NEW })).toEqual([]);
  });

  const ending = ROTATORS.filter((rotator) => manifestOf(rotator).lifetime !== undefined);

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
    expect(objectionsTo(rotator, { ...NEW, SecretArn: ADMIN })).toContain(
      'Give SecretArn or NewSecret, not both',
    );
  });
});

test('alarms tell of steps that fail or are slow, and of rotations of its secret that failed or were given up', () => {
  const topic = { AlarmTopicArn: 'arn:aws:sns:x' };
  const { ErrorsAlarm, DurationAlarm, RotationFailed } = deployed({ ...topic, SecretArn: ADMIN });
  for (const alarm of [ErrorsAlarm, DurationAlarm]) {
    expect(alarm).toMatchObject({ AlarmActions: ['arn:aws:sns:x'], TreatMissingData: 'notBreaching' });
  }
  expect(RotationFailed?.EventPattern).toMatchObject({
    source: ['aws.secretsmanager'],
    detail: {
      eventName: ['RotationFailed', 'RotationAbandoned', 'TestRotationFailed'],
      additionalEventData: { SecretId: [ADMIN] },
    },
  });
  // Without a secret there would be nothing to tell it from those of others.
  expect(deployed(topic)).not.toHaveProperty('RotationFailed');
  expect(deployed(topic)).toHaveProperty('ErrorsAlarm');
});

test.each(ROTATORS)(
  '%s: is given the lifetime of its keys, with an alarm for those that end early, if they end',
  (rotator) => {
    const { lifetime, environment } = manifestOf(rotator);
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
    [
      ADMIN,
      `arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/app+1=a.b@c-d-AbCdEf`,
      // As RDS names the secrets that it manages.
      `arn:aws:secretsmanager:${ACCOUNT}:secret:rds!cluster-11111111-2222-3333-4444-555555555555-AbCdEf`,
    ],
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

test('DatabasePort takes a port, or nothing', () => {
  const taken = (port: string) => isAllowed('DatabasePort', port);
  expect(['', '1', '3306', '65535'].filter((port) => !taken(port))).toEqual([]);
  expect(['0', '03306', '65536', '99999', '100000', '-1', '3306-3307', ' 3306'].filter(taken)).toEqual([]);
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
