import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { CommandRig, until } from '../support/command.js';
import { startTestServer } from '../support/postgres.js';

const AWS_TEMPLATE = join(__dirname, 'functions/aws-template.cjs');
const ODD = join(__dirname, 'functions/odd.mjs');
const FIRST = 'first-password-1';
const MASTER = 'master-password-2';
const ARN = 'arn:aws:lambda:eu-west-1:123456789012:function';

let rig: CommandRig;
const clients = new Set<SecretsManager>();

beforeEach(async () => {
  rig = await CommandRig.make(FIRST, MASTER);
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  await rig.end();
});

const file = (name: string) => join(rig.folder, name);

async function seed(secrets: object): Promise<string> {
  await writeFile(file('seed.json'), JSON.stringify(secrets));
  return file('seed.json');
}

const listening = (...args: string[]) => listeningWith({}, ...args);

/** `quarterturn local`, as soon as it listens, and a client that was told nothing but the URL. */
async function listeningWith(env: Record<string, string>, ...args: string[]) {
  const started = rig.start(['local', '--port', '0', ...args], env);
  const { output } = started;
  await until(() =>
    /A client finds it[\s\S]*\n\n[\s\S]*\n\n|quarterturn: /.test(output.stdout + output.stderr),
  );
  const [, endpoint] = /AWS_ENDPOINT_URL_SECRETS_MANAGER=(\S+)/.exec(output.stdout) ?? [];
  if (!endpoint) throw new Error(`it does not listen: ${output.stderr}`);
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SecretsManager({ endpoint, region: 'eu-west-1', credentials, maxAttempts: 1 });
  clients.add(client);
  const value = async (SecretId: string, VersionStage = 'AWSCURRENT') =>
    (await client.getSecretValue({ SecretId, VersionStage })).SecretString ?? '';
  const rotate = async (SecretId: string, name: string) => {
    const { VersionId } = await client.rotateSecret({ SecretId, RotationLambdaARN: `${ARN}:${name}` });
    return VersionId;
  };
  const said = (text: string | RegExp) => until(() => new RegExp(text).test(output.stdout));
  return { ...started, endpoint, client, value, rotate, said };
}

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
    expect(await readdir(rig.folder)).toEqual(['seed.json']);
  });

  test('gives functions no way to AWS itself, and has the Region that the environment names', async () => {
    const mine = {
      AWS_PROFILE: 'production',
      AWS_ACCESS_KEY_ID: 'AKIAREAL',
      AWS_SESSION_TOKEN: 'real-token',
    };
    const { client, said } = await listeningWith(
      { ...mine, AWS_REGION: '', AWS_DEFAULT_REGION: 'us-west-2' },
      ...['--function', `aws=${AWS_TEMPLATE}`, '--seed', await seed({ app: { password: FIRST } })],
    );
    const RotationLambdaARN = 'arn:aws:lambda:us-west-2:123456789012:function:aws';
    const { ARN } = await client.rotateSecret({ SecretId: 'app', RotationLambdaARN });
    await said('app: the rotation succeeded');
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-west-2:/);
    const second = await listeningWith(
      mine,
      ...['--function', `odd=${ODD}`, '--seed', await seed({ app: { does: 'tell', password: FIRST } })],
    );
    await second.rotate('app', 'odd');
    await second.said('app: createSecret failed: has ,local,\\s');
  });

  test('rotates a role of a real PostgreSQL with the rotator that comes along, and keeps its password', async () => {
    const server = await startTestServer();
    try {
      await server.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
      const args = [
        ...['--function', 'rotate=postgres', '--state', file('state')],
        ...['--seed', await seed({ 'app/db': JSON.parse(server.secret('app', FIRST)) })],
      ];
      const first = await listening(...args);
      await first.rotate('app/db', 'rotate');
      await first.said('app/db: the rotation succeeded');
      first.child.kill('SIGKILL');
      await first.end;
      const second = await listening(...args);
      await second.said('app/db \\(as the state has it, not as the seed\\)');
      const { password } = JSON.parse(await second.value('app/db'));
      expect(await server.accepts('app', password)).toBe(true);
      expect(await server.accepts('app', FIRST)).toBe(false);
      second.child.kill('SIGTERM');
      const { code, stdout, stderr } = await second.end;
      expect(code).toBe(0);
      const state = await readFile(file('state'), 'utf8');
      expect(state).toContain(password);
      expect(first.output.stdout + first.output.stderr + stdout + stderr).not.toContain(password);
    } finally {
      await server.stop();
    }
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

  test('is alone with its state', async () => {
    const { child, end } = await listening('--state', file('state'));
    const second = await rig.run('local', '--port', '0', '--state', file('state'));
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`process ${child.pid} on ${hostname()} has it in use`),
    });
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
    expect(await readdir(rig.folder)).toEqual(['state']);
  });

  test.each([
    ['a seed', '{"app":"my password"}'],
    ['a line', '{"secret":{"arn":"my password"}}\n'],
    ['a damaged line', '{"quarterturn":"state","version":1}\n{"secret":"my password"}\n'],
  ])('does not touch a state that is none, such as %s, and does not quote it', async (_, text) => {
    await writeFile(file('state'), text);
    const { code, stderr } = await rig.run('local', '--port', '0', '--state', file('state'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/is not a state of quarterturn local|line 2 of .* is damaged/);
    expect(stderr).not.toContain('my password');
    expect(await readFile(file('state'), 'utf8')).toBe(text);
    expect(await readdir(rig.folder)).toEqual(['state']);
  });

  test('loses nothing of a state whose last line break is lost, and puts an unfinished line aside', async () => {
    const first = await listening('--state', file('state'));
    await first.client.createSecret({ Name: 'app', SecretString: 'a value' });
    first.child.kill('SIGKILL');
    await first.end;
    const text = await readFile(file('state'), 'utf8');
    await writeFile(file('state'), text.trimEnd());
    const second = await listening('--state', file('state'));
    expect(await second.value('app')).toBe('a value');
    second.child.kill('SIGKILL');
    await second.end;
    await writeFile(file('state'), '{"secret":{"arn":', { flag: 'a' });
    const third = await listening('--state', file('state'));
    expect(await third.value('app')).toBe('a value');
    const torn = (await readdir(rig.folder)).find((name) => name.includes('.torn-')) ?? '';
    expect(await readFile(file(torn), 'utf8')).toBe('{"secret":{"arn":');
    expect((await stat(file(torn))).mode & 0o777).toBe(0o600);
    await third.said(`the last line of the state was not whole, and is in .*${torn}`);
  });

  test('takes a state in which a secret is forgotten that it does not have', async () => {
    const state = '{"quarterturn":"state","version":1}\n{"forgotten":"arn:of:another"}\n';
    await writeFile(file('state'), state);
    const { client } = await listening('--state', file('state'));
    expect((await client.listSecrets({})).SecretList).toEqual([]);
  });

  test('writes its state where a link leads to, and takes over the lock of a process that is gone', async () => {
    await mkdir(file('vault'));
    await writeFile(file('vault/real'), '');
    await symlink(file('vault/real'), file('state'));
    const { readlinkSync } = await import('node:fs');
    await writeFile(file('vault/real.lock'), `${hostname()} ${readlinkSync('/proc/self/ns/pid')} 999999999`);
    const { client, child, end } = await listening('--state', file('state'));
    await client.createSecret({ Name: 'app', SecretString: 'a value' });
    const second = await rig.run('local', '--port', '0', '--state', file('vault/real'));
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('has it in use') });
    child.kill('SIGINT');
    await end;
    expect((await lstat(file('state'))).isSymbolicLink()).toBe(true);
    expect(await readFile(file('vault/real'), 'utf8')).toContain('a value');
    expect(await readdir(file('vault'))).toEqual(['real']);
  });

  test('keeps its state small, however often a secret changes', async () => {
    const { client, child, end } = await listening('--state', file('state'));
    await client.createSecret({ Name: 'app', SecretString: 'first' });
    const Description = 'd'.repeat(2000);
    for (let count = 0; count < 700; count++) await client.updateSecret({ SecretId: 'app', Description });
    expect((await stat(file('state'))).size).toBeLessThan(1_100_000);
    child.kill('SIGKILL');
    await end;
    const again = await listening('--state', file('state'));
    expect(await again.value('app')).toBe('first');
    expect((await stat(file('state'))).size).toBeLessThan(10_000);
  });

  test('does not bring a secret back that was deleted during its rotation', async () => {
    const args = ['--function', `odd=${ODD}`, '--state', file('state')];
    const secrets = await seed({ app: { does: 'wait', password: FIRST } });
    const first = await listening(...args, '--seed', secrets);
    await first.rotate('app', 'odd');
    await first.said('GetSecretValue app');
    await first.client.deleteSecret({ SecretId: 'app', ForceDeleteWithoutRecovery: true });
    await first.client.createSecret({ Name: 'app', SecretString: 'another secret' });
    await first.said('the rotation was abandoned');
    first.child.kill('SIGKILL');
    await first.end;
    const second = await listening(...args);
    expect(await second.value('app')).toBe('another secret');
  });

  test('lets a rotation that is under way end before it does', async () => {
    const { child, end, rotate, said } = await listening(
      ...['--function', `odd=${ODD}`, '--seed', await seed({ app: { does: 'wait', password: FIRST } })],
    );
    await rotate('app', 'odd');
    await said('RotateSecret app');
    child.kill('SIGINT');
    const { code, stdout } = await end;
    expect(code).toBe(0);
    expect(stdout).toMatch(/ending the rotation of app first[\s\S]*finishSecret succeeded[\s\S]*ended\n$/);
  });

  test.each([
    ['quit', /its process ended \(exit code 3\)/],
    ['spin', /Task timed out after 1\.00 seconds/],
    ['throw', /cannot use \[redacted\]/],
    ['throw nothing', /something was thrown that is no Error/],
    ['throw lines', /app: createSecret failed: first\\u000asecond\\u001b\[31m/],
    ['lie', /cannot use \[redacted\]/],
    ['peek', /cannot use \[redacted\] of another secret/],
  ])('a function that does "%s" fails its step, and nothing else', async (does, message) => {
    const { rotate, said, value, output } = await listening(
      ...['--function', `odd=${ODD}`, '--function', `aws=${AWS_TEMPLATE}`, '--timeout', '1'],
      ...[
        '--seed',
        await seed({ app: { does, password: FIRST }, good: { password: FIRST }, master: MASTER }),
      ],
    );
    await rotate('app', 'odd');
    await said('app: the rotation failed');
    expect(output.stdout).toMatch(message);
    await rotate('good', 'aws');
    await said('good: the rotation succeeded');
    expect(JSON.parse(await value('app')).password).toBe(FIRST);
    await until(() => output.stderr.includes('[odd] createSecret of odd knows [redacted]'));
    for (const value of [FIRST, MASTER]) expect(output.stdout + output.stderr).not.toContain(value);
  });

  test('a handler that takes a callback is waited for', async () => {
    await writeFile(
      file('callback.cjs'),
      `exports.handler = ({ Step }, context, callback) =>
        setTimeout(() => callback(Step === 'setSecret' ? new Error('the database refused') : null), 50);`,
    );
    const { rotate, said } = await listening(
      ...['--function', `old=${file('callback.cjs')}`, '--seed', await seed({ app: { password: FIRST } })],
    );
    await rotate('app', 'old');
    await said('app: createSecret succeeded[^]*app: setSecret failed: the database refused');
  });

  test('a module that never loads is given up', async () => {
    await writeFile(file('never.mjs'), 'await new Promise(() => setInterval(() => {}, 1000));');
    const { code, stderr } = await rig.run(
      'local',
      '--port',
      '0',
      '--function',
      `never=${file('never.mjs')}`,
    );
    expect(code).toBe(1);
    expect(stderr).toContain('the function never cannot be loaded: its process ended (SIGKILL)');
  });

  test('many rotations at once leave one process a function', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `app${index}`);
    const { rotate, said, child } = await listening(
      ...['--function', `aws=${AWS_TEMPLATE}`],
      ...['--seed', await seed(Object.fromEntries(names.map((name) => [name, { password: FIRST }])))],
    );
    for (const name of names) await rotate(name, 'aws');
    for (const name of names) await said(`${name}: the rotation succeeded`);
    const children = () => readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    await until(async () => (await children()).trim().split(' ').length === 1);
  });

  test('functions do not outlive it', async () => {
    const { child, end, rotate, said } = await listening(
      ...['--function', `odd=${ODD}`, '--seed', await seed({ app: { does: 'spin', password: FIRST } })],
    );
    await rotate('app', 'odd');
    await said('GetSecretValue app');
    const host = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')).trim();
    child.kill('SIGKILL');
    await end;
    await until(
      () => !existsSync(`/proc/${host}/cmdline`) || readFileSync(`/proc/${host}/cmdline`, 'utf8') === '',
    );
  });

  test('goes on with the rotation that is under way when nobody reads its output any more', async () => {
    const { child, end, rotate, said, value } = await listening(
      ...['--function', `slow=${ODD}`, '--seed', await seed({ app: { does: 'wait', password: FIRST } })],
      ...['--state', file('state')],
    );
    await rotate('app', 'slow');
    await said('GetSecretValue app');
    child.stdout?.destroy();
    expect(await value('app')).toContain(FIRST);
    const { code, stderr } = await end;
    expect(code).toBe(0);
    expect(stderr).toContain('[slow] finishSecret of slow');
  });

  test('a function may print without end', async () => {
    const { rotate, said, output } = await listening(
      ...['--function', `odd=${ODD}`, '--seed', await seed({ app: { does: 'flood', password: FIRST } })],
    );
    await rotate('app', 'odd');
    await said('app: the rotation is not complete');
    expect(output.stderr).toMatch(/^\[odd\] x{16384}$/m);
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

  test('tells of requests that are none, too', async () => {
    const { endpoint, said } = await listening();
    await fetch(endpoint, { method: 'POST', headers: { 'x-amz-target': 'secretsmanager.Nothing' } });
    await said('a request UnknownOperationException');
  });

  test('invokes a function behind a Lambda runtime interface, and hears of its failures', async () => {
    const names = ['fails', 'late', 'odd', 'moved', 'quiet', 'endless', 'silent'];
    const seen: unknown[] = [];
    const emulator = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const event = JSON.parse(Buffer.concat(chunks).toString());
      seen.push([request.method, request.url, event.Step]);
      // As the emulator does: status 200, whatever the function did.
      const failure = { errorType: 'KeyError', errorMessage: `'${FIRST}'`, stackTrace: [] };
      const answers: Record<string, () => unknown> = {
        fails: () => response.end(event.Step === 'setSecret' ? JSON.stringify(failure) : 'null'),
        late: () => response.end('Task timed out after 3.00 seconds'),
        odd: () => response.end('<html>'),
        moved: () => response.writeHead(302, { location: '/elsewhere' }).end(),
        quiet: () => response.writeHead(200, { 'x-amz-function-error': 'Unhandled' }).end(),
        endless: () => setInterval(() => response.write('x'.repeat(1_000_000)), 1).unref(),
        silent: () => {},
      };
      answers[/secret:(\w+)-/.exec(event.SecretId)?.[1] ?? '']?.();
    });
    await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
    const { port } = emulator.address() as AddressInfo;
    try {
      const { rotate, said, output } = await listening(
        ...['--function', `py=http://127.0.0.1:${port}`, '--timeout', '1'],
        ...['--seed', await seed(Object.fromEntries(names.map((name) => [name, { password: FIRST }])))],
      );
      await rotate('fails', 'py');
      await said('fails: the rotation failed');
      expect(seen).toEqual([
        ['POST', '/2015-03-31/functions/function/invocations', 'createSecret'],
        ['POST', '/2015-03-31/functions/function/invocations', 'setSecret'],
      ]);
      expect(output.stdout).toContain("setSecret failed: KeyError: '[redacted]'");
      for (const name of names.slice(1)) await rotate(name, 'py');
      await said('late: createSecret failed: Task timed out after 3.00 seconds');
      await said('odd: createSecret failed: .* answered what is no JSON');
      await said('moved: createSecret failed: .* answered 302');
      await said('quiet: createSecret failed: the function failed, and said nothing');
      await said('endless: createSecret failed: the function’s answer has more than 1 MiB');
      await said('silent: createSecret failed: (Task timed out after 1.00|.*its time was up)');
    } finally {
      emulator.close();
      emulator.closeAllConnections();
    }
  });

  test('says what is wrong with its command line, and quotes no value', async () => {
    const secret = 'my secret value';
    await writeFile(file('bad.json'), `{"app":"${secret}"`);
    await writeFile(file('list.json'), `["${secret}"]`);
    await writeFile(file('number.json'), `{"app":5}`);
    await writeFile(file('name.json'), `{"a b":"${secret}"}`);
    await writeFile(file('none.mjs'), 'export const other = 1;');
    await symlink(file('missing'), file('dangling'));
    const cases = [
      [['--port', '70000'], '--port takes a whole number from 0 to 65535', 2],
      [['--timeout', 'long'], '--timeout takes a whole number from 1 to 900', 2],
      [['--nothing'], "Unknown option '--nothing'; quarterturn local --help lists the options", 2],
      [['--function', 'rotate'], '--function takes <name>=<what>, not "rotate"', 2],
      [['--function', 'a=postgres', '--function', 'a=postgres'], 'there are two functions "a"', 2],
      [['--function', 'a=./missing.js'], 'there is no function at', 2],
      [['--function', `a=${file('none.mjs')}`], 'the module does not export a function "handler"', 1],
      [['--seed', file('missing.json')], 'ENOENT', 2],
      [['--seed', file('bad.json')], 'is not a JSON object', 2],
      [['--seed', file('list.json')], 'is not a JSON object', 2],
      [['--seed', file('number.json')], 'the seed of "app" is neither a string nor an object', 2],
      [['--seed', file('name.json')], 'the seed of "a b" is refused: ValidationException: Invalid name', 2],
      [['--state', file('no/such/folder')], 'there is no such folder', 1],
      [['--state', rig.folder], 'it is not a file', 1],
      [['--state', file('dangling')], 'is a link to nothing', 1],
      [['--state', ''], '--state takes a file', 2],
      [['--function', 'a=http://user:my-secret-value@host'], 'must not have a password in it', 2],
    ] as const;
    const outcomes = await Promise.all(cases.map(([args]) => rig.run('local', '--port', '0', ...args)));
    for (const [index, [, message, code]] of cases.entries()) {
      expect(outcomes[index]).toMatchObject({ code, stderr: expect.stringContaining(message) });
      expect(outcomes[index]?.stderr).not.toMatch(/my.secret.value/);
    }
  });

  test('says that its port is in use', async () => {
    const { endpoint } = await listening();
    const { port } = new URL(endpoint);
    expect(await rig.run('local', '--port', port)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`port ${port} is in use; --port takes another`),
    });
  });

  test('explains itself', async () => {
    const { code, stdout } = await rig.run('local', '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^usage: quarterturn local \[options\]\n/);
    expect(stdout).toMatch(/^rotators: api-key, api-key\/datadog, .*postgres, postgres\/alternating-users/m);
    expect((await rig.run('--help')).stdout).toMatch(/^ {2}local {8}/m);
  });
});
