import { policyDocument } from '../src/cli/policy/document.js';
import { declaredGrants, grantsFor } from '../src/cli/policy/grants.js';
import type { RotatorNeeds } from '../src/index.js';
import { deployed, isAllowed, type Json, objections, TEMPLATE } from './support/cloudformation.js';
import { rotatorsIn } from './support/rotators.js';
import {
  ADMIN,
  ADMIN_KEY,
  ATTRIBUTES,
  DATABASES,
  KEY,
  PARTS,
  policyOf,
  rights,
} from './support/template-gaps.js';

const CUSTOM = { Rotator: 'custom', CustomBundle: 'gate' };
const POLICIES = ['arn:aws:iam::123456789012:policy/gate', 'arn:aws-cn:iam::123456789012:policy/teams/door'];
const ENVIRONMENT = '{"GATE_REALM":"north"}';

const variables = (parameters: Record<string, string>) =>
  (deployed(parameters).Function!.Environment as { Variables: Record<string, Json> }).Variables;

test('a rotator of your own is loaded from its folder, and the function has its name', () => {
  expect(deployed(CUSTOM).Function).toMatchObject({
    CodeUri: 'dist/lambda/',
    Handler: 'gate/index.handler',
    Description: 'Rotates secrets with gate',
    Timeout: '60',
  });
});

test('the variables of its manifest are one variable, which no other rotator gets', () => {
  expect(variables({ ...CUSTOM, CustomEnvironment: ENVIRONMENT })).toEqual({
    NODE_OPTIONS: '--disallow-code-generation-from-strings',
    CUSTOM_ENVIRONMENT: ENVIRONMENT,
  });
  expect(variables(CUSTOM)).not.toHaveProperty('CUSTOM_ENVIRONMENT');
  for (const Rotator of rotatorsIn()) {
    expect(variables({ Rotator, CustomEnvironment: ENVIRONMENT })).not.toHaveProperty('CUSTOM_ENVIRONMENT');
  }
});

test('its role has the policies that are named, which no role of another rotator has', () => {
  const CustomPolicyArns = POLICIES.join(',');
  expect(deployed({ ...CUSTOM, CustomPolicyArns }).Role).toMatchObject({ ManagedPolicyArns: POLICIES });
  expect(deployed(CUSTOM).Role).not.toHaveProperty('ManagedPolicyArns');
  for (const Rotator of rotatorsIn()) {
    expect(deployed({ Rotator, CustomPolicyArns }).Role).not.toHaveProperty('ManagedPolicyArns');
  }
});

test('the template itself gives it the rights on its secret, on the key of that, and on its log alone', () => {
  const given = {
    SecretKeyArn: KEY,
    AdminSecretArn: ADMIN,
    AdminKeyArn: ADMIN_KEY,
    Targets: DATABASES.join(),
  };
  const { Statement } = policyOf({ ...CUSTOM, ...given });
  expect(Statement.map(({ Sid }) => Sid)).toEqual([
    'OnlySecretsThatNameThisFunction',
    'KeyOfTheSecret',
    'Log',
  ]);
  expect(Statement[0]).toMatchObject({
    Action: [
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetSecretValue',
      'secretsmanager:PutSecretValue',
      'secretsmanager:UpdateSecretVersionStage',
    ],
    Condition: {
      StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': ATTRIBUTES['Function.Arn'] },
    },
  });
});

test('with the policy that quarterturn policy --custom-policy prints it has what its manifest declares, and no more', () => {
  const why = 'it does';
  const gates = { name: 'gates', arns: ['arn:{partition}:gate:{region}:{account}:NAME'] };
  const needs: RotatorNeeds = {
    environment: [],
    onSecret: [{ action: 'secretsmanager:ListSecretVersionIds', steps: ['setSecret'], why }],
    permissions: [
      { action: 'secretsmanager:GetSecretValue', on: 'administrator', steps: ['setSecret'], why },
      { action: 'gate:Open', on: gates, steps: ['setSecret'], why },
    ],
  };
  const named = {
    admin: ADMIN,
    adminKey: ADMIN_KEY,
    secretKey: KEY,
    targets: ['arn:aws:gate:eu-west-1:1:north'],
  };
  const both = [
    policyOf({ ...CUSTOM, SecretKeyArn: KEY }),
    policyDocument(declaredGrants(needs, named), PARTS),
  ];
  expect(both.flatMap(rights).toSorted()).toEqual(rights(policyDocument(grantsFor(needs, named), PARTS)));
});

test.each(TEMPLATE.Parameters.CustomTimeoutSeconds!.AllowedValues as readonly string[])(
  'with a timeout of %s seconds its alarm tells of steps that take four fifths of it',
  (CustomTimeoutSeconds) => {
    const made = deployed({ ...CUSTOM, CustomTimeoutSeconds, AlarmTopicArn: 'arn:aws:sns:x' });
    expect(made.Function?.Timeout).toBe(CustomTimeoutSeconds);
    expect(made.DurationAlarm?.Threshold).toBe(Number(CustomTimeoutSeconds) * 800);
  },
);

test('an alarm tells of its keys that end too early, by its name', () => {
  const { KeyEndsEarlyAlarm } = deployed({ ...CUSTOM, AlarmTopicArn: 'arn:aws:sns:x' });
  expect(KeyEndsEarlyAlarm?.Dimensions).toEqual([{ Name: 'rotator', Value: 'gate' }]);
});

describe('what goes with a rotator of your own, and with others', () => {
  const secret = { SecretArn: ADMIN, Schedule: 'rate(30 days)' };
  const inVpc = { VpcId: 'vpc-1', SubnetIds: 'subnet-1', CreateEndpoints: 'true' };

  test('all of its parameters go together, with a secret that is there or one that is made', () => {
    const all = {
      ...CUSTOM,
      CustomEnvironment: ENVIRONMENT,
      CustomPolicyArns: POLICIES.join(','),
      CustomTimeoutSeconds: '300',
    };
    expect(objections(CUSTOM)).toEqual([]);
    expect(objections({ ...all, ...secret })).toEqual([]);
    expect(objections({ ...all, NewSecret: '{"user":"door-7"}' })).toEqual([]);
    expect(objections({ ...all, ...secret, ...inVpc, OutboundCidr: '0.0.0.0/0' })).toEqual([]);
    expect(objections({ ...all, ...secret, ...inVpc, DatabaseSecurityGroupId: 'sg-9' })).toEqual([]);
  });

  test('without a folder it is refused', () => {
    expect(objections({ Rotator: 'custom' })).toEqual([
      'Rotator=custom needs CustomBundle, the name of the folder in dist/lambda',
    ]);
  });

  test('in a VPC without a way to its server it is refused', () => {
    expect(objections({ ...CUSTOM, ...inVpc })).toEqual([
      expect.stringMatching(/^In a VPC, this rotator needs a way to its server/),
    ]);
  });

  test.each([
    ['CustomBundle', 'gate'],
    ['CustomEnvironment', ENVIRONMENT],
    ['CustomPolicyArns', POLICIES[0]!],
    ['CustomTimeoutSeconds', '300'],
  ])('%s is refused with any other rotator', (name, value) => {
    for (const Rotator of rotatorsIn()) {
      expect(objections({ Rotator, [name]: value })).toContain(
        'CustomBundle, CustomEnvironment, CustomPolicyArns and CustomTimeoutSeconds are for Rotator=custom',
      );
    }
  });

  const OPTIONS = Object.entries({
    PasswordLength: '40',
    ExcludeCharacters: '/@',
    PoolerAsksServer: 'true',
    ChannelBinding: 'false',
    ApiKeySpec: '{"name":"desk"}',
    OwnsEveryKey: 'true',
    DatadogUrl: 'https://api.datadoghq.eu',
    KeyLifetimeDays: '180',
    KeysEnd: 'late',
    ServiceTokenKind: 'RSA',
  });

  test.each(OPTIONS)('%s of other rotators is refused with it', (name, value) => {
    expect(objections({ ...CUSTOM, [name]: value })).toContain(
      'Rotator=custom takes no options of other rotators - give what its manifest names in CustomEnvironment',
    );
  });

  test('those are all options that there are', () => {
    const { ParameterGroups } = TEMPLATE.Metadata['AWS::CloudFormation::Interface'] as {
      ParameterGroups: readonly { Label: { default: string }; Parameters: readonly string[] }[];
    };
    const group = ParameterGroups.find(({ Label }) => Label.default === 'Options of rotators');
    expect(group?.Parameters).toEqual(OPTIONS.map(([name]) => name));
    expect(ParameterGroups.flatMap(({ Parameters }) => Parameters).toSorted()).toEqual(
      Object.keys(TEMPLATE.Parameters).toSorted(),
    );
  });

  test.each([
    ['AdminSecretArn', ADMIN],
    ['AdminKeyArn', ADMIN_KEY],
    ['Targets', DATABASES.join(',')],
  ])('%s, which gives rights that its manifest may not declare, is refused with it', (name, value) => {
    expect(objections({ ...CUSTOM, [name]: value })).toEqual([
      expect.stringMatching(
        /^Rotator=custom takes no AdminSecretArn, AdminKeyArn or Targets - .*CustomPolicyArns$/,
      ),
    ]);
  });
});

test.each([
  ['CustomBundle', ['gate', 'door_lock-2'], ['../gate', 'a/b', 'gate.v2', '/gate', 'a b', '.']],
  ['CustomEnvironment', [ENVIRONMENT, '{}'], ['GATE_REALM=north', '[]', `${ENVIRONMENT},`]],
  [
    'CustomPolicyArns',
    [...POLICIES, POLICIES.join(','), Array(10).fill(POLICIES[0]).join(',')],
    [
      'gate',
      'arn:aws:iam::aws:policy/AdministratorAccess',
      'arn:aws:iam::123456789012:policy/*',
      'arn:aws:iam::123456789012:role/gate',
      `${POLICIES[0]},`,
      `${POLICIES[0]}, ${POLICIES[1]}`,
      Array(11).fill(POLICIES[0]).join(','),
    ],
  ],
  ['CustomTimeoutSeconds', ['60', '900'], ['', '0', '61', '901']],
])('%s takes what it is for, or nothing, and nothing that looks like it', (name, good, bad) => {
  expect(good.filter((value) => !isAllowed(name, value))).toEqual([]);
  expect(bad.filter((value) => isAllowed(name, value))).toEqual([]);
});
