import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandRig } from '../support/command.js';
import { describeInstalled } from '../support/installed.js';
import { manifestOf, rotatorsIn } from '../support/rotators.js';

const ACCOUNT = 'eu-west-1:123456789012';
const SECRET = `arn:aws:secretsmanager:${ACCOUNT}:secret:app-AbCdEf`;
const ADMIN = `arn:aws:secretsmanager:${ACCOUNT}:secret:boss-AbCdEf`;
const KEY = `arn:aws:kms:${ACCOUNT}:key/0a1b`;
const DATABASE = `arn:aws:rds:${ACCOUNT}:db:db-1`;
const FUNCTION = `arn:aws:lambda:${ACCOUNT}:function:rotate`;

let rig: CommandRig;
beforeAll(async () => {
  rig = await CommandRig.make();
});
afterAll(() => rig.end());

const policy = (...args: string[]) => rig.run('policy', ...args);

describe('quarterturn policy', () => {
  test('with --json prints one object: what the role may, who may invoke the function, and why', async () => {
    const named = ['--secret', SECRET, '--kms', KEY, '--admin', ADMIN];
    const { code, stdout, stderr } = await policy('postgres/alternating-users', ...named, '--json');
    expect([code, stderr]).toEqual([0, '']);
    const { executionPolicy, functionPolicy, addPermission, reasons, ...rest } = JSON.parse(stdout);
    expect(Object.keys(rest)).toEqual(['rotator', 'function', 'trustPolicy']);
    const lambda = `arn:aws:lambda:${ACCOUNT}:function:quarterturn-postgres-alternating-users`;
    expect(executionPolicy.Statement.slice(0, 3)).toEqual([
      {
        Sid: 'OnlySecretsThatNameThisFunction',
        Effect: 'Allow',
        Action: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Resource: [SECRET],
        Condition: { StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': lambda } },
      },
      {
        Sid: 'KeyOfTheSecret',
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Resource: [KEY],
        Condition: {
          StringEquals: {
            'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
            'kms:EncryptionContext:SecretARN': SECRET,
          },
        },
      },
      {
        Sid: 'Administrator',
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        Resource: [ADMIN],
      },
    ]);
    expect(functionPolicy.Statement).toMatchObject([
      {
        Principal: { Service: 'secretsmanager.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: lambda,
        Condition: { StringEquals: { 'AWS:SourceAccount': '123456789012' } },
      },
    ]);
    expect(addPermission).toMatchObject({ FunctionName: lambda, SourceAccount: '123456789012' });
    const actions = executionPolicy.Statement.flatMap(({ Action }: { Action: string[] }) => Action);
    expect(reasons.map(({ action }: { action: string }) => action)).toEqual(actions);
    for (const { why, steps, source } of reasons) expect(why && (source ?? steps.length > 0)).toBeTruthy();
  });

  test('for people says what is left out, and what is for them to replace', async () => {
    const { stdout, stderr } = await policy('postgres');
    expect(stdout).toContain(
      'secretsmanager:PutSecretValue (createSecret): stores the new value as AWSPENDING',
    );
    expect(stdout).toContain(
      'rds:DescribeDBInstances (--target, databases): administrators’ secrets that RDS manages',
    );
    expect(stdout).not.toContain('"rds:');
    expect(stdout).toContain('arn:aws:secretsmanager:REGION:ACCOUNT:secret:*');
    expect(stderr).toBe('quarterturn: replace REGION and ACCOUNT, or give --secret\n');
  });

  test('names no word to replace that it did not print, and no option that the rotator refuses', async () => {
    const administered = await policy('postgres/alternating-users', '--secret', SECRET, '--json');
    expect(administered.stderr).toBe('quarterturn: replace ADMINISTRATOR, or give --admin\n');
    const ofUsers = await policy('iam', '--cdk');
    expect(ofUsers.stderr).toBe('quarterturn: replace NAME, or give --target\n');
    const ofTokens = await policy('service-token');
    expect(ofTokens.stderr).toBe('quarterturn: replace REGION and ACCOUNT, or give --secret\n');
  });

  test.each(['--terraform', '--cdk'])(
    '%s says which rights it left out, beside the deployment and not in it',
    async (format) => {
      const { stdout, stderr } = await policy('postgres', '--secret', SECRET, format);
      expect(stderr).toContain(
        'quarterturn: left out, because only some secrets need it\n' +
          '    secretsmanager:GetSecretValue (--admin): secrets with `masterarn`\n',
      );
      expect(stderr).toContain('rds:DescribeDBInstances (--target, databases): ');
      expect(stdout).not.toMatch(/left out|rds:/);
      const whole = await policy('postgres', '--admin', ADMIN, '--target', DATABASE, format);
      expect(whole.stderr).toBe('');
    },
  );

  test('--cdk takes the secret from --secret, and then the app need not name it', async () => {
    const { stdout } = await policy('postgres', '--secret', SECRET, '--cdk');
    expect(stdout).toContain('readonly secretArn?: string;');
    expect(stdout).toContain(`const { secretArn = '${SECRET}', bundle = `);
    expect((await policy('postgres', '--cdk')).stdout).toContain('readonly secretArn: string;');
  });

  test('in a VPC lets Lambda at network interfaces, and denies them to the function’s code', async () => {
    const { stdout } = await policy('service-token', '--secret', SECRET, '--vpc', '--json');
    const { networkPolicy, executionPolicy } = JSON.parse(stdout);
    const [making, interfaces, looks] = networkPolicy.Statement;
    expect(making).toMatchObject({
      Action: ['ec2:CreateNetworkInterface'],
      Resource: expect.arrayContaining([expect.stringMatching(/:network-interface\/\*$/)]),
    });
    // What “Giving Lambda functions access to resources in an Amazon VPC” requires of these three.
    expect(interfaces).toMatchObject({
      Action: [
        'ec2:DeleteNetworkInterface',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
      ],
      Resource: [`arn:aws:ec2:${ACCOUNT}:*/*`],
    });
    expect(looks).toMatchObject({
      Action: ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'],
      Resource: ['*'],
    });
    expect(executionPolicy.Statement.at(-1)).toMatchObject({
      Effect: 'Deny',
      Action: [...making.Action, ...interfaces.Action, ...looks.Action],
      Condition: { ArnEquals: { 'lambda:SourceFunctionArn': expect.stringContaining(':function:') } },
    });
  });

  test.each(['--json', '--terraform', '--cdk'])(
    'takes the secret of an administrator that RDS manages: %s',
    async (format) => {
      const managed = `arn:aws:secretsmanager:${ACCOUNT}:secret:rds!cluster-11111111-2222-3333-4444-555555555555-AbCdEf`;
      const { code, stdout } = await policy('mysql', '--admin', managed, format);
      expect(code).toBe(0);
      expect(stdout).toContain(managed);
    },
  );

  test.each([
    [
      ['postgres', '--secret', `arn:aws:secretsmanager:${ACCOUNT}:secret:*`],
      '--secret takes the full ARN of a secret',
    ],
    [['postgres', '--kms', `arn:aws:kms:${ACCOUNT}:alias/app`], '--kms takes the ARN of a key (no alias)'],
    [['postgres/rds-instance', '--admin', ADMIN], 'postgres/rds-instance reads no administrator’s secret'],
    [['postgres/rds-instance', '--target', `${DATABASE}*`], '--target takes databases: arn:'],
    [['iam', '--target', DATABASE], '--target takes users: arn:'],
    [['--for', 'client', 'postgres'], '--for takes no rotator: it is not about a function'],
    [['--for', 'operator', '--vpc'], '--for and --vpc exclude each other'],
    [['--for', 'operators'], '--for takes client or operator, not "operators"; did you mean "operator"?'],
    [['postgres', '--json', '--cdk'], '--json and --cdk exclude each other'],
    [['postgres', '--schedule', 'rate(2 hours)'], '--schedule takes rate(30 days) or cron(0 8 1 * ? *), not'],
    [['postgres', '--schedule', 'cron(0 8 1 * ? *)"'], '--schedule takes rate(30 days)'],
    [['iam', '--lifetime-days', '90'], 'iam does not take --lifetime-days: its keys do not expire'],
    [
      ['api-key', '--lifetime-days', '90'],
      'api-key does not take --lifetime-days: the spec says when keys expire',
    ],
    [['api-key/gitlab', '--lifetime-days', '401'], '--lifetime-days takes a whole number from 1 to 400'],
    [['entra', '--lifetime-days', '90d'], '--lifetime-days takes a whole number from 1 to 3650'],
    [
      ['api-key/gitlab', '--schedule', 'rate(90 days)'],
      'keys of api-key/gitlab expire after 90 days by default, but two rotations with rate(90 days) take up to 180 days: give ' +
        '--lifetime-days 180 or more, or rotate more often',
    ],
    [
      ['api-key/gitlab', '--schedule', 'rate(90 days)', '--lifetime-days', '179', '--json'],
      'expire after 179 days, but two rotations with rate(90 days) take up to 180 days',
    ],
    // July and August.
    [
      ['api-key/elasticsearch', '--schedule', 'cron(0 8 1 * ? *)', '--lifetime-days', '61'],
      'two rotations with cron(0 8 1 * ? *) take up to 62 days: give --lifetime-days 62 or more',
    ],
    [
      ['api-key/gitlab', '--schedule', 'rate(300 days)', '--lifetime-days', '400'],
      'take up to 600 days: rotate more often',
    ],
    [['entra', '--lifetime-days', '59', '--cdk'], 'two rotations with rate(30 days) take up to 60 days'],
    [
      ['entra', '--lifetime-days', '59', '--terraform'],
      'two rotations with rate(30 days) take up to 60 days',
    ],
    [['oracle'], 'there is no rotator "oracle"; choose from api-key'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await policy(...args);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  test.each([
    [['api-key/gitlab', '--schedule', 'rate(90 days)', '--lifetime-days', '180']],
    [['api-key/gitlab', '--schedule', 'rate(45 days)']],
    [['api-key/elasticsearch', '--schedule', 'rate(365 days)']],
    [['entra', '--schedule', 'rate(365 days)']],
    [['api-key/elasticsearch', '--schedule', 'cron(0 8 1 * ? *)', '--lifetime-days', '62']],
    [['api-key/gitlab', '--schedule', 'rate(12 hours)', '--lifetime-days', '1']],
    // Without a schedule nothing is compared.
    [['api-key/gitlab', '--lifetime-days', '1']],
  ])('takes %j', async (args) => {
    const { code, stdout } = await policy(...args, '--json');
    expect(code).toBe(0);
    const { rotationRules, function: made } = JSON.parse(stdout);
    const [, schedule] = /--schedule,([^-]+)(?:,|$)/.exec(args.join()) ?? [];
    const [, days] = /--lifetime-days,(\d+)/.exec(args.join()) ?? [];
    expect(rotationRules).toEqual(schedule && { ScheduleExpression: schedule });
    expect(made.environment).toEqual(days && { KEY_LIFETIME_DAYS: days });
  });

  test('puts a schedule and a lifetime into each kind of deployment', async () => {
    const args = ['api-key/gitlab', '--schedule', 'rate(90 days)', '--lifetime-days', '365'];
    const [cdk, terraform, text] = await Promise.all(
      [['--cdk'], ['--terraform'], []].map(async (format) => (await policy(...args, ...format)).stdout),
    );
    expect(cdk).toContain("scheduleExpression: 'rate(90 days)'");
    expect(cdk).toContain("KEY_LIFETIME_DAYS: '365',");
    expect(terraform).toContain('schedule_expression = "rate(90 days)"');
    // As `terraform fmt` aligns it.
    expect(terraform).toMatch(/\n {6}KEY_LIFETIME_DAYS = "365"\n {6}NODE_OPTIONS {6}= /);
    expect(text).toContain('It rotates with the schedule\n  rate(90 days)');
    expect(text).toContain('KEY_LIFETIME_DAYS=365');
  });

  describe('prints Terraform as `terraform fmt` would have it', () => {
    const VARIANTS = [
      [],
      ['--vpc', '--secret', SECRET],
      ['--vpc', '--secret', SECRET, '--kms', KEY, '--admin', ADMIN],
      ['--admin', ADMIN, '--target', DATABASE, '--target', `arn:aws:rds:${ACCOUNT}:cluster:a`],
      ['--target', 'arn:aws:iam::123456789012:user/app', '--lifetime-days', '365'],
    ];
    const printed = async (rotator: string) => {
      const runs = await Promise.all(VARIANTS.map((args) => policy(rotator, ...args, '--terraform')));
      const modules = runs.filter(({ code }) => code === 0).map(({ stdout }) => stdout);
      expect(modules.length).toBeGreaterThan(0);
      return modules;
    };
    /** Lines of one indentation below each other, whose second parts begin at different columns. */
    const crooked = (code: string, line: RegExp) => {
      const places = code.split('\n').map((text) => {
        const [, indent, first = ''] = line.exec(text) ?? [];
        return indent === undefined ? undefined : { indent, column: indent.length + first.length, text };
      });
      return places.flatMap((place, at) => {
        const above = places[at - 1];
        return place && above?.indent === place.indent && above.column !== place.column ? [place.text] : [];
      });
    };

    test.each(rotatorsIn())('%s', async (rotator) => {
      for (const code of await printed(rotator)) {
        expect(crooked(code, /^( *)((?:[\w.]+|"[^"]+") +)= .*[^[({]$/)).toEqual([]);
        expect(crooked(code, /^( *)("[^"]+", +)# /)).toEqual([]);
        expect(code).not.toMatch(/[ \t]$/m);
      }
    });

    const isInstalled = spawnSync('terraform', ['version']).status === 0;
    describeInstalled(
      { name: 'terraform', isInstalled, variable: 'QUARTERTURN_TERRAFORM' },
      'asked itself',
      (test) => {
        for (const rotator of rotatorsIn()) {
          test(rotator, async () => {
            for (const code of await printed(rotator)) {
              const { stdout } = spawnSync('terraform', ['fmt', '-'], { input: code, encoding: 'utf8' });
              expect(stdout).toBe(code);
            }
          });
        }
      },
    );
  });

  test('deploys with rate(30 days) and the rotator’s own lifetime unless it is told otherwise', async () => {
    for (const [format, schedule] of [
      ['--cdk', "scheduleExpression: 'rate(30 days)'"],
      ['--terraform', 'schedule_expression = "rate(30 days)"'],
    ] as const) {
      const { stdout } = await policy('api-key/gitlab', format);
      expect(stdout).toContain(schedule);
      expect(stdout).not.toMatch(/KEY_LIFETIME_DAYS['" ]*[:=]/);
    }
  });

  const LAMBDA = `arn:aws:lambda:${ACCOUNT}:function:rotate`;
  const forPeople = async (...args: string[]) => {
    const { code, stdout, stderr } = await policy('--for', ...args, '--json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout);
  };

  test('--for operator prints the rights of each command, on that secret and that function alone', async () => {
    const report = await forPeople('operator', '--secret', SECRET, '--function', LAMBDA);
    const statements = report.policy.Statement.map(({ Sid, Action, Resource }: Record<string, unknown>) => [
      ...[Sid, Action, Resource],
    ]);
    expect(statements.slice(0, 4)).toEqual([
      ['StatusOnSecret', ['secretsmanager:DescribeSecret', 'secretsmanager:ListSecretVersionIds'], [SECRET]],
      ['StatusOnAll', ['secretsmanager:ListSecrets'], ['*']],
      ['RotateOnSecret', ['secretsmanager:DescribeSecret', 'secretsmanager:RotateSecret'], [SECRET]],
      ['RotateOnFunction', ['lambda:InvokeFunction'], [LAMBDA]],
    ]);
    for (const { why } of report.reasons) expect(why).toMatch(/\w/);
  });

  test('--for client prints what an application needs: to read the secret, and to have it decrypted', async () => {
    const { policy: printed } = await forPeople('client', '--secret', SECRET, '--kms', KEY);
    expect(printed.Statement).toMatchObject([
      { Sid: 'ClientOnSecret', Action: ['secretsmanager:GetSecretValue'], Resource: [SECRET] },
      { Sid: 'ClientOnAll', Action: ['secretsmanager:BatchGetSecretValue'] },
      {
        Sid: 'ClientOnKey',
        Action: ['kms:Decrypt'],
        Resource: [KEY],
        Condition: { StringEquals: { 'kms:EncryptionContext:SecretARN': SECRET } },
      },
    ]);
    expect((await forPeople('client', '--secret', SECRET)).policy.Statement).toHaveLength(2);
  });

  test('--for says what is to be replaced', async () => {
    const { stdout, stderr } = await policy('--for', 'client');
    expect(stdout).toContain('"arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-??????"');
    expect(stderr).toBe('quarterturn: replace REGION, ACCOUNT and NAME, or give --secret\n');
    const ofClients = await policy('--for', 'client', '--function', FUNCTION);
    expect(ofClients.stderr).toBe('quarterturn: replace NAME, or give --secret\n');
    const ofOperators = await policy('--for', 'operator');
    expect(ofOperators.stderr).toBe(
      'quarterturn: replace REGION, ACCOUNT and NAME, or give --secret and --function\n',
    );
  });

  test('--help lists the options and the rotators', async () => {
    const { code, stdout } = await policy('--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /--terraform[\s\S]*rotators: api-key, api-key\/datadog.*postgres\/alternating-users/,
    );
  });
});

describe('quarterturn policy of a rotator that is not ours', () => {
  const file = async (path: string, text: string) => {
    const whole = join(rig.folder, path);
    await mkdir(dirname(whole), { recursive: true });
    await writeFile(whole, text);
    return whole;
  };
  const right = (action: string, on: unknown) => ({
    action,
    on,
    steps: ['setSecret'],
    why: 'opens the gate',
  });
  const MANIFEST = {
    environment: ['GATE_REALM'],
    permissions: [
      right('gate:Open', { name: 'gates', arns: ['arn:{partition}:gate:{region}:{account}:NAME'] }),
    ],
    onSecret: [right('secretsmanager:TagResource', undefined)],
    timeoutSeconds: 90,
    drivers: [],
  };
  const withRotator = (manifest: object) =>
    `{ ...${JSON.stringify(manifest)}, rotator() { throw new Error(); } }`;

  test.each([
    ['gate/lambda.mjs', 'export const lambda = '],
    ['gate.cjs', 'exports.lambda = '],
    ['gate/lambda.cjs', 'module.exports = { made: 1 }; module.exports["lam" + "bda"] = '],
  ])('reads the manifest in %s, and makes no rotator', async (path, before) => {
    const at = await file(path, `${before}${withRotator(MANIFEST)}`);
    const target = `arn:aws:gate:${ACCOUNT}:north`;
    const { code, stdout } = await policy(at, '--secret', SECRET, '--target', target, '--json');
    expect(code).toBe(0);
    const { rotator, function: made, executionPolicy } = JSON.parse(stdout);
    expect({ rotator, ...made }).toMatchObject({
      rotator: 'gate',
      bundle: 'dist/lambda/gate',
      timeoutSeconds: 90,
    });
    expect(executionPolicy.Statement).toMatchObject([
      { Action: expect.arrayContaining(['secretsmanager:TagResource']) },
      { Sid: 'Gates', Action: ['gate:Open'], Resource: [target] },
      { Sid: 'Log' },
    ]);
    const [cdk, terraform] = [(await policy(at, '--cdk')).stdout, (await policy(at, '--terraform')).stdout];
    expect(cdk).toContain('/** Rotates a secret with gate. */');
    expect(cdk).toContain("bundle = 'dist/lambda/gate',");
    expect(terraform).toContain('default = "dist/lambda/gate"');
    expect(terraform).toContain('# Environment variables of the function. It reads GATE_REALM, SECRETS_');
  });

  test.each([
    ['there is none', undefined, /there is no manifest at .*lambda\.mjs$/],
    [
      'it exports no lambda',
      'export const handler = () => {};',
      /does not export "lambda", made by defineLambda/,
    ],
    ['it has a handler as lambda', 'export const lambda = () => {};', /does not export "lambda"/],
    [
      'it cannot be read',
      'export const lambda = {',
      /cannot use the manifest .*\/lambda\.mjs: Unexpected end of input/,
    ],
    ['it throws', 'throw "north";', /cannot use the manifest .*: it threw something that is not an Error/],
    [
      'it says no rights',
      withRotator({ ...MANIFEST, permissions: undefined }),
      /"permissions" of its "lambda" must/,
    ],
    [
      'a right is on nothing',
      withRotator({ ...MANIFEST, permissions: [right('gate:Open', undefined)] }),
      /"permissions" of its "lambda" must be a list of rights, each with action, on, steps and why/,
    ],
    ['it makes no rotator', JSON.stringify(MANIFEST), /"rotator" of its "lambda" must be a function/],
    [
      'a step is none',
      withRotator({ ...MANIFEST, onSecret: [{ ...right('a:B', 'administrator'), steps: ['openGate'] }] }),
      /"onSecret" of its "lambda" must be a list/,
    ],
    [
      'it takes too long',
      withRotator({ ...MANIFEST, timeoutSeconds: 901 }),
      /"timeoutSeconds" of its "lambda" must be a whole number of seconds from 1 to 900/,
    ],
    [
      'its keys live for ever',
      withRotator({ ...MANIFEST, lifetime: {} }),
      /"lifetime" of its "lambda" must be/,
    ],
  ])('says so if %s', async (_, text, message) => {
    const path = join(rig.folder, 'wrong/lambda.mjs');
    await rm(path, { force: true });
    if (text) await file('wrong/lambda.mjs', /^[{]/.test(text) ? `export const lambda = ${text};` : text);
    const { code, stdout, stderr } = await policy(path);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trimEnd()).toMatch(message);
  });

  describe('--custom-policy, for CustomPolicyArns of template.yaml', () => {
    const TARGET = `arn:aws:gate:${ACCOUNT}:north`;
    const onAdmin = right('secretsmanager:GetSecretValue', 'administrator');
    const own = (manifest: object) =>
      file('own/lambda.mjs', `export const lambda = ${withRotator(manifest)};`);

    test('prints what the manifest declares, and nothing that the template gives', async () => {
      const path = await own({ ...MANIFEST, permissions: [...MANIFEST.permissions, onAdmin] });
      const named = ['--admin', ADMIN, '--admin-kms', KEY, '--target', TARGET, '--function', FUNCTION];
      const { code, stdout, stderr } = await policy(path, '--custom-policy', ...named);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(JSON.parse(stdout)).toEqual({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'OnlySecretsThatNameThisFunction',
            Effect: 'Allow',
            Action: ['secretsmanager:TagResource'],
            Resource: [`arn:aws:secretsmanager:${ACCOUNT}:secret:*`],
            Condition: {
              StringEquals: { 'secretsmanager:resource/AllowRotationLambdaArn': FUNCTION },
            },
          },
          {
            Sid: 'Administrator',
            Effect: 'Allow',
            Action: ['secretsmanager:GetSecretValue'],
            Resource: [ADMIN],
          },
          {
            Sid: 'KeyOfTheAdministrator',
            Effect: 'Allow',
            Action: ['kms:Decrypt'],
            Resource: [KEY],
            Condition: {
              StringEquals: {
                'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
                'kms:EncryptionContext:SecretARN': ADMIN,
              },
            },
          },
          { Sid: 'Gates', Effect: 'Allow', Action: ['gate:Open'], Resource: [TARGET] },
        ],
      });
    });

    test('knows the Region of the administrator’s key by the secret, with no function named', async () => {
      const path = await own({ ...MANIFEST, onSecret: [], permissions: [onAdmin] });
      const { stdout, stderr } = await policy(path, '--custom-policy', '--admin', ADMIN, '--admin-kms', KEY);
      expect(stderr).toBe('');
      expect(stdout).toContain('"secretsmanager.eu-west-1.amazonaws.com"');
    });

    test.each([
      [
        { onSecret: [], permissions: [] },
        [],
        /^quarterturn: own needs no more rights than template\.yaml gives/,
      ],
      [{}, ['--target', TARGET], /needs rights on the secrets that name its function: deploy .*--function$/m],
      [{}, ['--vpc'], /--custom-policy and --vpc exclude each other/],
      [{}, ['--kms', KEY], /--custom-policy and --kms exclude each other/],
      [{}, ['--json'], /--json and --custom-policy exclude each other/],
    ])('prints no policy for %j with %j', async (change, args, message) => {
      const path = await own({ ...MANIFEST, ...change });
      const { code, stdout, stderr } = await policy(path, '--custom-policy', ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(message);
    });

    test('prints none for a rotator of the package, whose rights the template has', async () => {
      const { code, stdout, stderr } = await policy('postgres', '--custom-policy');
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain('template.yaml has the rights of postgres: --custom-policy takes the path of');
    });
  });

  test('a name that is none is not taken for a path', async () => {
    const { stderr } = await policy('postgres/oracle');
    expect(stderr).toContain('there is no rotator "postgres/oracle"; choose from api-key');
  });
});

describe('quarterturn policy --terraform', () => {
  /** What the providers' documentation requires. */
  const REQUIRED: Readonly<Record<string, readonly string[]>> = {
    archive_file: ['type', 'source_dir', 'output_path'],
    aws_cloudwatch_log_group: ['name', 'retention_in_days'],
    aws_iam_role: ['assume_role_policy'],
    aws_iam_role_policy: ['role', 'policy'],
    aws_lambda_function: ['function_name', 'role', 'filename', 'handler', 'runtime'],
    aws_lambda_permission: ['action', 'function_name', 'principal', 'source_account'],
    aws_secretsmanager_secret_rotation: [
      'secret_id',
      'rotation_lambda_arn',
      'rotation_rules',
      'rotate_immediately',
    ],
  };
  const args = ['postgres/rds-instance', '--target', DATABASE, '--terraform'];

  test.each(rotatorsIn())('%s: names the variables of its manifest', async (rotator) => {
    const { stdout } = await policy(rotator, '--terraform');
    const [, note = ''] = /# (.*)\nvariable "environment"/.exec(stdout) ?? [];
    const noted = note.match(/[A-Z]+(?:_[A-Z]+)+/g);
    const { environment } = manifestOf(rotator);
    expect([...new Set(noted)].sort()).toEqual([...environment, 'SECRETS_MANAGER_ENDPOINT'].sort());
    expect(note.includes('does not start')).toBe(rotator === 'api-key');
  });

  test('two of a rotator can stand in one account, and the log outlives them', async () => {
    const { stdout } = await policy('postgres', '--terraform');
    expect(stdout.match(/"[^"]*quarterturn-postgres[^"]*"/g)).toEqual(['"quarterturn-postgres"']);
    expect(stdout).toContain('skip_destroy = true');
  });

  /** Without what stands in quotes, but for what is interpolated there. */
  const bare = (hcl: string) =>
    hcl
      .replace(/ # .*/g, '')
      .replace(/^#.*/gm, '')
      .replace(
        /"(?:\$\{(?:"[^"]*"|[^}])*\}|[^"\n])*"/g,
        (text) => [...text.matchAll(/\$\{([^}]*)\}/g)].map(([, inner]) => `(${inner})`).join(' ') || '""',
      );

  test.each([[args], [[...args, '--vpc']]])(
    '%j has whole blocks, what they require, and nothing that is not there',
    async (given) => {
      const { stdout, stderr } = await policy(...given);
      expect(stderr).toBe('');
      const code = bare(stdout);
      for (const [open, close] of ['{}', '[]', '()'].map((pair) => [...pair])) {
        expect(code.split(open!).length).toBe(code.split(close!).length);
      }
      const blocks = [
        ...stdout.matchAll(/^(resource|data|variable) "(\w+)"(?: "(\w+)")? \{(\}|[\s\S]*?^\})/gm),
      ];
      const names = blocks.map(([, kind, type, name]) =>
        kind === 'variable' ? `var.${type}` : kind === 'data' ? `data.${type}.${name}` : `${type}.${name}`,
      );
      for (const [, , type = '', , body = ''] of blocks) {
        for (const argument of REQUIRED[type] ?? [])
          expect(body).toMatch(new RegExp(`^  ${argument} *[={]`, 'm'));
      }
      const used = code
        .match(/(?:data\.\w+|\baws_\w+|\bvar)\.\w+/g)
        ?.map((name) => name.replace(/^(data\.\w+\.\w+).*/, '$1'));
      for (const name of new Set(used)) expect(names).toContainEqual(expect.stringMatching(`^${name}`));
      expect(stdout).toContain('rotate_immediately  = false');
      expect(stdout).toContain('timeout          = 300');
      expect(stdout.includes('vpc_config')).toBe(given.includes('--vpc'));
      expect(stdout).not.toMatch(/(?:security-group|subnet)\/\*/);
    },
  );
});
