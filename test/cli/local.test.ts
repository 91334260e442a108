import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    ['makes no rotator', '5', '"rotator" of its "lambda" must be a function that makes the rotator'],
  ])('does not start with a manifest that %s', async (_, rotator, message) => {
    await writeFile(
      file('lambda.mjs'),
      `export const lambda = { rotator: ${rotator}, environment: [], permissions: [], drivers: [] };`,
    );
    expect(await run('--function', `gate=${file('lambda.mjs')}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`the function gate cannot be loaded: TypeError: ${message}`),
    });
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
    await second.said('going on with the rotation of app');
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
    await said('ending the rotation of app first');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 1, stdout: expect.stringContaining('ended in the middle of') });
  });

  test('says that its port is in use', async () => {
    const { endpoint } = await listening();
    const { port } = new URL(endpoint);
    expect(await command.rig.run('local', '--port', port)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${port} is in use; --port takes another`),
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
