import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/command.js';
import { freePort } from '../support/free-port.js';
import { LocalCommand } from '../support/local-command.js';

const AWS_TEMPLATE = join(__dirname, 'functions/aws-template.cjs');
const ODD = join(__dirname, 'functions/odd.mjs');
const FIRST = 'first-password-1';
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function';

const command = new LocalCommand(FIRST);
const { file, listening, run, seed } = command;

describe('quarterturn local', () => {
  test('rotates with a function that was written for AWS, and prints no value', async () => {
    const { child, end, value, rotate, said } = await listening(
      ...['--function', `aws=${AWS_TEMPLATE}`],
      ...['--seed', await seed({ app: { user: 'app', password: FIRST }, plain: 'a plain string' })],
    );
    expect(await value('plain')).toBe('a plain string');
    await rotate('app', 'aws');
    await said('app: the rotation succeeded');
    const { password, ...rest } = JSON.parse(await value('app'));
    expect(rest).toEqual({ user: 'app' });
    expect(password).not.toBe(FIRST);
    expect(JSON.parse(await value('app', 'AWSPREVIOUS')).password).toBe(FIRST);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    expect(code).toBe(0);
    expect(stdout).toContain(
      'export AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1 AWS_ACCESS_KEY_ID=local',
    );
    expect(stdout).toContain(`${ARN}:aws`);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}RotateSecret app$/m);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {4}app: createSecret succeeded \(\d+ ms\)$/m);
    for (const secret of [FIRST, password, 'a plain string']) expect(stdout + stderr).not.toContain(secret);
    expect(await readdir(command.rig.folder)).toEqual(['seed.json']);
  });

  test('rotates with a manifest, of which it makes the rotator with the environment', async () => {
    await writeFile(
      file('lambda.mjs'),
      `const rotator = ({ GATE_WORD }) => ({
        name: 'gate',
        rotates: ['password'],
        shows: ['user'],
        parse: ({ user, password }) => ({ user, password }),
        createSecret: () => ({ password: GATE_WORD }),
        setSecret() {},
        testSecret: () => 'accepted',
      });
      export const lambda = { rotator, environment: ['GATE_WORD'], permissions: [], drivers: [] };`,
    );
    const { rotate, said, value, output } = await command.listeningWith(
      { GATE_WORD: 'the-second-password' },
      ...['--function', `gate=${file('lambda.mjs')}`],
      ...['--seed', await seed({ app: { user: 'app', password: FIRST } })],
    );
    await rotate('app', 'gate');
    await said('app: the rotation succeeded');
    expect(JSON.parse(await value('app'))).toEqual({ user: 'app', password: 'the-second-password' });
    expect(output.stdout + output.stderr).not.toMatch(/the-second-password/);
  });

  test.each([
    [
      'throws without its variable',
      "() => { throw new TypeError('GATE_WORD is missing'); }",
      'GATE_WORD is missing',
    ],
    ['makes no rotator', '5', '"rotator" of its "lambda" must be a function that returns the rotator'],
  ])('does not start with a manifest that %s', async (_, rotator, message) => {
    await writeFile(
      file('lambda.mjs'),
      `export const lambda = { rotator: ${rotator}, environment: [], permissions: [], drivers: [] };`,
    );
    expect(await run('--function', `gate=${file('lambda.mjs')}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`cannot load the function gate: TypeError: ${message}`),
    });
  });

  test('answers nobody before its secrets and functions are there, but for a function that is loaded', async () => {
    await writeFile(
      file('slow.mjs'),
      `const call = (operation, input) =>
        fetch(process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER, {
          method: 'POST',
          headers: { 'x-amz-target': 'secretsmanager.' + operation },
          body: JSON.stringify(input),
        });
      const { status } = await call('GetSecretValue', { SecretId: 'app' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      export const handler = () => console.log('read its secret with ' + status);`,
    );
    const port = await freePort();
    const started = command.rig.start([
      ...['local', '--port', String(port), '--function', `slow=${file('slow.mjs')}`],
      ...['--seed', await seed({ app: { user: 'app', password: FIRST } })],
    ]);
    const body = JSON.stringify({
      SecretId: 'app',
      ClientRequestToken: '5048d7b2-c0a9-4b9c-8a1e-0d9a2f1a7f54',
      RotationLambdaARN: `${ARN}:slow`,
    });
    const headers = { 'x-amz-target': 'secretsmanager.RotateSecret' };
    const ask = () => fetch(`http://127.0.0.1:${port}`, { method: 'POST', headers, body });
    let first: Response | undefined;
    await until(async () => {
      first = await ask().catch(() => undefined);
      return first !== undefined;
    });
    expect(await first?.json()).toMatchObject({ Name: 'app' });
    await until(() => started.output.stderr.includes('[slow] read its secret with 200'));
  });

  test('gives a function the whole context, and the variables, that Lambda gives it', async () => {
    await writeFile(
      file('tell.mjs'),
      `export const handler = async (event, context) => {
        const variables = Object.fromEntries(
          Object.entries(process.env).filter(([name]) => /^_|^AWS_(LAMBDA|EXEC)|^LAMBDA_|^TZ$/.test(name)),
        );
        const members = Object.entries(context).map(([name, value]) => [name, typeof value === 'function' ? 'function' : value]);
        console.log('TOLD' + JSON.stringify({ ...Object.fromEntries(members), variables }));
      };`,
    );
    const { rotate, output } = await listening(
      ...['--function', `tell=${file('tell.mjs')}`, '--seed', await seed({ app: { password: FIRST } })],
    );
    await rotate('app', 'tell');
    await until(() => output.stderr.split('TOLD').length === 5);
    const told = output.stderr.match(/(?<=TOLD).*/g)?.map((text) => JSON.parse(text)) ?? [];
    const logStreamName = expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    expect(told[0]).toMatchObject({
      functionName: 'tell',
      functionVersion: '$LATEST',
      invokedFunctionArn: `${ARN}:tell`,
      memoryLimitInMB: '128',
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupName: '/aws/lambda/tell',
      logStreamName,
      callbackWaitsForEmptyEventLoop: true,
      ...{ getRemainingTimeInMillis: 'function', done: 'function', fail: 'function', succeed: 'function' },
      variables: {
        _HANDLER: 'tell.handler',
        _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};/),
        LAMBDA_TASK_ROOT: command.rig.folder,
        AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
        AWS_LAMBDA_FUNCTION_NAME: 'tell',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '128',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/tell',
        AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
        TZ: ':UTC',
      },
    });
    expect(told[0].variables.AWS_LAMBDA_LOG_STREAM_NAME).toBe(told[0].logStreamName);
    // One container, and four invocations of it.
    expect(new Set(told.map(({ logStreamName }) => logStreamName)).size).toBe(1);
    expect(new Set(told.map(({ awsRequestId }) => awsRequestId)).size).toBe(4);
    expect(new Set(told.map(({ variables }) => variables._X_AMZN_TRACE_ID)).size).toBe(4);
  });

  const later = 'setTimeout(() => {';
  test.each([
    ['context.succeed()', 'succeeded'],
    [`${later} context.succeed('ok') }, 50)`, 'succeeded'],
    [`${later} context.done(null, 'ok') }, 50); setInterval(() => {}, 1000)`, 'succeeded'],
    [`${later} context.done(new Error('the database refused')) }, 50)`, 'failed: the database refused'],
    [`${later} context.fail(new Error('the database refused')) }, 50)`, 'failed: the database refused'],
    [
      `${later} context.fail('the database refused') }, 50)`,
      'failed: Error: the database refused|failed: the database refused',
    ],
    [`${later} callback(null) }, 50)`, 'succeeded'],
    [
      `${later} callback('the database refused') }, 50); setInterval(() => {}, 1000)`,
      'failed: the database refused',
    ],
    [`context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); callback()`, 'succeeded'],
    [`setInterval(() => {}, 1000); callback()`, 'failed: Task timed out after 8.00 seconds'],
    [`${later} console.log('was waited for') }, 50)`, 'succeeded'],
  ])('ends a function that does "%s" as Lambda does', async (does, end) => {
    await writeFile(file('old.cjs'), `exports.handler = (event, context, callback) => { ${does} };`);
    const { rotate, said, output } = await listening(
      ...['--function', `old=${file('old.cjs')}`, '--seed', await seed({ app: { password: FIRST } })],
      ...['--timeout', '8'],
    );
    await rotate('app', 'old');
    await said(`app: createSecret (${end}) \\(`);
    if (does.includes('was waited for')) expect(output.stderr).toContain('[old] was waited for');
    if (end === 'succeeded') await said('app: finishSecret succeeded');
  });

  test('has every value on disk before it answers, for its owner alone', async () => {
    const { client, child, end } = await listening('--state', file('state'));
    await client.createSecret({ Name: 'text', SecretString: 'ü"\n\u0000' });
    await client.createSecret({ Name: 'bytes', SecretBinary: Uint8Array.of(0, 255) });
    await client.createSecret({ Name: 'gone', SecretString: 'gone' });
    await client.deleteSecret({ SecretId: 'gone', ForceDeleteWithoutRecovery: true });
    const Tags = [{ Key: 'k', Value: 'v' }];
    await client.tagResource({ SecretId: 'text', Tags });
    const { VersionId } = await client.putSecretValue({ SecretId: 'text', SecretString: 'second' });
    const described = await client.describeSecret({ SecretId: 'text' });
    child.kill('SIGKILL');
    await end;
    expect((await stat(file('state'))).mode & 0o777).toBe(0o600);
    // As a crash in the middle of a line leaves it.
    await writeFile(file('state'), '{"secret":{"arn":', { flag: 'a' });
    const again = await listening('--state', file('state'));
    expect(await again.value('text')).toBe('second');
    expect(await again.value('text', 'AWSPREVIOUS')).toBe('ü"\n\u0000');
    expect(await again.client.getSecretValue({ SecretId: 'bytes' })).toMatchObject({
      SecretBinary: Uint8Array.of(0, 255),
    });
    const {
      $metadata: _,
      LastAccessedDate: __,
      ...rest
    } = await again.client.describeSecret({ SecretId: 'text' });
    const { $metadata: ___, ...before } = described;
    expect(rest).toEqual(before);
    await expect(again.value('gone')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(
      again.client.putSecretValue({ SecretId: 'text', ClientRequestToken: VersionId, SecretString: 'x' }),
    ).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect((await stat(file('state'))).mode & 0o777).toBe(0o600);
  });

  test('a process that was killed holds no state, whether or not its parent has asked about it', async () => {
    const args = ['local', '--port', '0', '--state', file('state')];
    // Its parent becomes a program that asks about nobody.
    const shell = `"$0" "$@" & echo $!; exec sleep 60`;
    const main = join(__dirname, '../../dist/esm/src/cli/main.js');
    const parent = spawn('sh', ['-c', shell, process.execPath, main, ...args], { stdio: 'pipe' });
    let output = '';
    parent.stdout.on('data', (chunk) => {
      output += chunk;
    });
    try {
      await until(() => output.includes('For clients:'));
      const pid = Number.parseInt(output, 10);
      process.kill(pid, 'SIGKILL');
      await until(async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8')));
      const { client } = await listening('--state', file('state'));
      expect((await client.listSecrets({})).SecretList).toEqual([]);
      expect(await readFile(`/proc/${pid}/stat`, 'utf8')).toMatch(/ Z /);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  test.each([
    ['is empty', () => ''],
    ['holds what a crash of the machine has left', () => '\0\0\0\0'],
    ['names a process whose number another one has now', (here: string) => `${here} ${process.ppid} 1`],
  ])('a lock that %s is nobody’s', async (_, lock) => {
    await writeFile(file('state.lock'), lock(`${hostname()} ${readlinkSync('/proc/self/ns/pid')}`));
    const { client, child, end } = await listening('--state', file('state'));
    expect((await client.listSecrets({})).SecretList).toEqual([]);
    expect((await run('--state', file('state'))).stderr).toContain(`process ${child.pid} on`);
    child.kill('SIGINT');
    await end;
    expect(await readdir(command.rig.folder)).toEqual(['state']);
  });

  test('does not touch a file that stands where its lock should, and is none', async () => {
    await writeFile(file('state.lock'), 'my own notes');
    const { code, stderr } = await run('--state', file('state'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/state\.lock is not a lock file of quarterturn: move it away/);
    expect(await readFile(file('state.lock'), 'utf8')).toBe('my own notes');
    expect(await readdir(command.rig.folder)).toEqual(['state.lock']);
  });

  test('goes on with a rotation that a crash has broken off, with the same token and value', async () => {
    const args = ['--function', `aws=${AWS_TEMPLATE}`, '--function', `odd=${ODD}`, '--state', file('state')];
    const secrets = await seed({ app: { does: 'quit', password: FIRST } });
    const first = await listening(...args, '--seed', secrets);
    await first.rotate('app', 'odd');
    await first.said('app: the rotation failed');
    const token = Object.keys(
      (await first.client.describeSecret({ SecretId: 'app' })).VersionIdsToStages ?? {},
    )[1];
    await first.client.putSecretValue({
      SecretId: 'app',
      ClientRequestToken: token,
      SecretString: '{"does":"wait","password":"second"}',
      VersionStages: ['AWSPENDING'],
    });
    first.child.kill('SIGKILL');
    await first.end;
    const state = await readFile(file('state'), 'utf8');
    await writeFile(file('state'), state.replaceAll(':function:odd', ':function:aws'));
    const second = await listening(...args);
    await second.said('continuing the rotation of app');
    await second.said('app: the rotation succeeded');
    expect(await second.value('app')).toBe('{"does":"wait","password":"second"}');
  });

  test.each([
    ['a seed', '{"app":"my password"}'],
    ['a line', '{"secret":{"arn":"my password"}}\n'],
    ['a damaged line', '{"quarterturn":"state","version":1}\n{"secret":"my password"}\n'],
  ])('does not touch a state that is none, such as %s, and does not quote it', async (_, text) => {
    await writeFile(file('state'), text);
    const { code, stderr } = await run('--state', file('state'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/is not a state of quarterturn local|line 2 of .* is damaged/);
    expect(stderr).not.toContain('my password');
    expect(await readFile(file('state'), 'utf8')).toBe(text);
    expect(await readdir(command.rig.folder)).toEqual(['state']);
  });

  test('a second Ctrl-C ends it at once', async () => {
    const { child, end, rotate, said } = await listening(
      ...['--function', `odd=${ODD}`, '--seed', await seed({ app: { does: 'spin', password: FIRST } })],
    );
    await rotate('app', 'odd');
    await said('GetSecretValue app');
    child.kill('SIGINT');
    await said('finishing the rotation of app first');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 1, stdout: expect.stringContaining('ended in the middle of') });
  });

  test('says that its port is in use', async () => {
    const { endpoint } = await listening();
    const { port } = new URL(endpoint);
    expect(await command.rig.run('local', '--port', port)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${port} is in use; choose another with --port`),
    });
  });

  test('explains itself', async () => {
    const { code, stdout } = await command.rig.run('local', '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^usage: quarterturn local \[options\]\n/);
    expect(stdout).toMatch(/^rotators: api-key, api-key\/datadog, .*postgres, postgres\/alternating-users/m);
    expect((await command.rig.run('--help')).stdout).toMatch(/^ {2}local {8}/m);
  });
});
