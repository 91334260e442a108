/**
 * Does what somebody does who deploys with the AWS CDK: installs our package in its own project with `aws-cdk-lib`,
 * which is too large to be a dependency of ours, prints a stack for each rotator, and for one that `init` has
 * begun and `bundle` has made, compiles it, and synthesises it. What comes out must grant what `quarterturn policy --json` says,
 * and no more, and deploy the bundle that it is given. Exits with 1 if it does not.
 */

import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { manifestsIn } from '../../.build/rotators.mjs';

const root = join(import.meta.dirname, '../..');
const project = mkdtempSync(join(tmpdir(), 'quarterturn-cdk-'));
const run = (command, ...args) => execFileSync(command, args, { cwd: project, encoding: 'utf8' });
const policy = (...args) => run(join(project, 'node_modules/.bin/quarterturn'), 'policy', ...args);

const ACCOUNT = '123456789012';
const PLACE = `eu-west-1:${ACCOUNT}`;
const SECRET = `arn:aws:secretsmanager:${PLACE}:secret:app-AbCdEf`;
const KEY = ['--kms', `arn:aws:kms:${PLACE}:key/0a1b`];
/** What is named of each kind that a rotator may need. */
const NAMED = {
  administrator: ['--admin', `arn:aws:secretsmanager:${PLACE}:secret:boss-AbCdEf`],
  databases: [
    ...['--target', `arn:aws:rds:${PLACE}:db:db-1`],
    ...['--target', `arn:aws:rds:${PLACE}:cluster:aurora`],
  ],
  users: ['--target', `arn:aws:iam::${ACCOUNT}:user/app`],
};
const ENVIRONMENT = { API_KEY_SPEC: '{}' };
const [GROUP, SUBNET] = ['sg-0123456789abcdef0', 'subnet-0123456789abcdef0'];
const OWN = 'dist/lambda/gate/index.mjs';
/** Each rotator with what it must be given; with all that it can be, in a VPC. */
const SUBJECTS = (await manifestsIn(root)).flatMap(([rotator, { permissions }]) => {
  const must = permissions.filter(({ onlyFor }) => onlyFor === undefined);
  return [
    [rotator, ...namedFor(must)],
    [rotator, ...namedFor(permissions), ...KEY, '--vpc'],
  ];
});
/** What the manifest of the user's own rotator declares. */
const DECLARED = {
  environment: ['GATE_REALM'],
  permissions: [
    { action: 'secretsmanager:GetSecretValue', on: 'administrator', steps: ['setSecret'], why: 'it asks' },
    {
      action: 'rds:DescribeDBInstances',
      on: { name: 'databases', arns: ['arn:{partition}:rds:{region}:{account}:db:NAME'] },
      steps: ['setSecret'],
      why: 'where it is',
    },
  ],
};
const OWN_NAMED = [...NAMED.administrator, ...NAMED.databases.slice(0, 2)];
SUBJECTS.push([OWN, ...OWN_NAMED], [OWN, ...OWN_NAMED, ...KEY, '--vpc']);

try {
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  run(
    'npm',
    'install',
    '--silent',
    '--no-audit',
    '--no-fund',
    packed(),
    'aws-cdk-lib@2',
    'constructs@10',
    '@types/node@22',
    'esbuild',
  );
  run(join(project, 'node_modules/.bin/quarterturn'), 'init', 'gate');
  declare(join(project, 'gate/lambda.ts'));
  run(join(project, 'node_modules/.bin/quarterturn'), 'bundle', 'gate/lambda.ts');
  const cdk = createRequire(join(project, 'index.js'))('aws-cdk-lib');
  process.chdir(project);
  for (const [at, subject] of SUBJECTS.entries()) {
    const code = policy(...subject, '--secret', SECRET, '--cdk');
    writeFileSync(join(project, `stack-${at}.ts`), code);
    writeFileSync(join(project, `stack-${at}.mjs`), transformSync(code, { loader: 'ts' }).code);
  }
  const tsc = join(root, 'node_modules/.bin/tsc');
  const settings = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--types',
    'node',
  ];
  run(tsc, ...settings, ...SUBJECTS.map((_, at) => `stack-${at}.ts`));
  for (const [at, subject] of SUBJECTS.entries()) {
    const { RotationStack } = await import(pathToFileURL(join(project, `stack-${at}.mjs`)));
    const isInVpc = subject.includes('--vpc');
    const { resources, outdir } = synthesised(cdk, RotationStack, { isInVpc });
    assertSame(resources, subject);
    if (subject[0] === OWN) {
      assertDeploys(outdir, 'dist/lambda/gate');
      match(readFileSync(join(project, `stack-${at}.ts`), 'utf8'), /It reads GATE_REALM, /);
      cpSync(join(project, 'dist/lambda/gate'), join(project, 'elsewhere'), { recursive: true });
      writeFileSync(join(project, 'elsewhere/index.mjs'), '// Of another place.');
      assertDeploys(synthesised(cdk, RotationStack, { isInVpc, bundle: 'elsewhere' }).outdir, 'elsewhere');
    }
    process.stdout.write(`synthesised: ${subject[0]}${subject.includes('--vpc') ? ', in a VPC' : ''}\n`);
  }
} catch (error) {
  process.stderr.write(`${error.stdout ?? ''}${error.stderr ?? ''}${error.stack}\n`);
  process.exitCode = 1;
} finally {
  process.chdir(root);
  rmSync(project, { recursive: true });
}

function namedFor(permissions) {
  const kinds = new Set(permissions.map(({ on }) => (on === 'administrator' ? on : on.name)));
  return [...kinds].flatMap((kind) => NAMED[kind] ?? []);
}

/** The package as it is published. */
function packed() {
  const args = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project];
  return join(project, execFileSync('npm', args, { cwd: root, encoding: 'utf8' }).trim());
}

/** Has a manifest that `init` has written declare more. */
function declare(path) {
  const written = readFileSync(path, 'utf8');
  const declared = Object.entries(DECLARED).reduce(
    (text, [member, value]) => text.replace(`${member}: []`, `${member}: ${JSON.stringify(value)}`),
    written,
  );
  ok(declared.includes('GATE_REALM') && declared.includes('rds:DescribeDBInstances'), declared);
  writeFileSync(path, declared);
}

/** CloudFormation gets the folder unchanged. */
function assertDeploys(outdir, bundle) {
  const [asset, ...more] = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
  deepEqual(more, []);
  deepEqual(readdirSync(join(outdir, asset)).sort(), readdirSync(join(project, bundle)).sort());
  const first = (folder) => readFileSync(join(folder, 'index.mjs'), 'utf8');
  equal(first(join(outdir, asset)), first(join(project, bundle)));
}

function synthesised({ App, Stack, aws_ec2 }, RotationStack, { isInVpc, bundle }) {
  const env = { account: ACCOUNT, region: 'eu-west-1' };
  const outdir = mkdtempSync(join(project, 'out-'));
  const app = new App({ outdir });
  const network = isInVpc && networkOf(new Stack(app, 'Network', { env }), aws_ec2);
  const stack = new RotationStack(app, 'Rotation', {
    env,
    secretArn: SECRET,
    environment: ENVIRONMENT,
    ...(bundle && { bundle }),
    ...network,
  });
  const { template } = app.synth().getStackByName(stack.stackName);
  return { resources: Object.values(template.Resources), outdir };
}

function networkOf(stack, ec2) {
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0123456789abcdef0',
    availabilityZones: ['eu-west-1a'],
    privateSubnetIds: [SUBNET],
  });
  return { vpc, securityGroups: [new ec2.SecurityGroup(stack, 'Group', { vpc })] };
}

function assertSame(resources, subject) {
  const of = (type) => resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
  const [name, settings] = [
    'rotate',
    JSON.parse(
      policy(
        ...subject,
        '--secret',
        SECRET,
        '--function',
        `arn:aws:lambda:${PLACE}:function:rotate`,
        '--json',
      ),
    ),
  ];
  const documents = [
    ...of('AWS::IAM::Policy'),
    ...of('AWS::IAM::Role').flatMap(({ Policies = [] }) => Policies),
  ];
  const granted = documents.flatMap(({ PolicyDocument }) => rights(PolicyDocument, name)).sort();
  const printed = [settings.executionPolicy, settings.networkPolicy].filter(Boolean);
  // The stack knows its security groups and subnets, and names them.
  const named = printed
    .flatMap((document) => rights(document, name))
    .map((right) => right.replace('security-group/*', `security-group/${GROUP}`))
    .map((right) => right.replace('subnet/*', `subnet/${SUBNET}`));
  deepEqual(granted, named.sort());
  for (const { ManagedPolicyArns } of of('AWS::IAM::Role')) equal(ManagedPolicyArns, undefined);
  const [permission, ...morePermissions] = of('AWS::Lambda::Permission');
  equal(permission.Principal, 'secretsmanager.amazonaws.com');
  equal(permission.SourceAccount, ACCOUNT);
  deepEqual(morePermissions, []);
  const [schedule] = of('AWS::SecretsManager::RotationSchedule');
  equal(schedule.SecretId, SECRET);
  equal(schedule.RotateImmediatelyOnUpdate, false);
  const [{ Timeout, Runtime, Architectures, Handler, Environment }] = of('AWS::Lambda::Function');
  deepEqual(
    [Timeout, Runtime, Architectures, Handler],
    [settings.function.timeoutSeconds, 'nodejs24.x', ['arm64'], 'index.handler'],
  );
  deepEqual(Environment.Variables, {
    ...ENVIRONMENT,
    NODE_OPTIONS: '--disallow-code-generation-from-strings',
  });
}

/** A policy as single rights, with the ARNs that CloudFormation puts in. */
function rights({ Statement }, name) {
  return Statement.flatMap(({ Effect, Action, Resource, Condition = {} }) =>
    [Action]
      .flat()
      .flatMap((action) =>
        [Resource]
          .flat()
          .map(
            (resource) =>
              `${Effect} ${action} on ${text(resource)} if ${JSON.stringify(Condition, (_, value) => text(value))}`,
          ),
      ),
  );

  function text(value) {
    if (value?.['Fn::Join']) return value['Fn::Join'][1].map(text).join(value['Fn::Join'][0]);
    if (value?.Ref)
      return { 'AWS::Partition': 'aws', 'AWS::URLSuffix': 'amazonaws.com' }[value.Ref] ?? value.Ref;
    if (value?.['Fn::ImportValue']) return GROUP;
    const [id] = value?.['Fn::GetAtt'] ?? [];
    if (id?.startsWith('Rotate')) return `arn:aws:lambda:${PLACE}:function:${name}`;
    return id ? `arn:aws:logs:${PLACE}:log-group:/aws/lambda/${name}:*` : value;
  }
}
