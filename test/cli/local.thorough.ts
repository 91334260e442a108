import { existsSync, readFileSync } from 'node:fs';
import { lstat, mkdir, open, readdir, readFile, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/command.js';
import { LocalCommand } from '../support/local-command.js';
import { startTestServer } from '../support/postgres.js';

const AWS_TEMPLATE = join(__dirname, 'functions/aws-template.cjs');
const ODD = join(__dirname, 'functions/odd.mjs');
const FIRST = 'first-password-1';
const MASTER = 'master-password-2';

const command = new LocalCommand(FIRST, MASTER);
const { file, listening, listeningWith, run, seed } = command;

describe('quarterturn local', () => {
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
      await second.said('app/db \\(from the state, not from the seed\\)');
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

  test('is alone with its state', async () => {
    const { child, end } = await listening('--state', file('state'));
    const second = await run('--state', file('state'));
    expect(second).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`process ${child.pid} on ${hostname()} is using it`),
    });
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
    expect(await readdir(command.rig.folder)).toEqual(['state']);
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
    const torn = (await readdir(command.rig.folder)).find((name) => name.includes('.torn-')) ?? '';
    expect(await readFile(file(torn), 'utf8')).toBe('{"secret":{"arn":');
    expect((await stat(file(torn))).mode & 0o777).toBe(0o600);
    await third.said(`the last line of the state was not complete, and is in .*${torn}`);
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
    const second = await run('--state', file('vault/real'));
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('is using it') });
    child.kill('SIGINT');
    await end;
    expect((await lstat(file('state'))).isSymbolicLink()).toBe(true);
    expect(await readFile(file('vault/real'), 'utf8')).toContain('a value');
    expect(await readdir(file('vault'))).toEqual(['real']);
  });

  test('reads a state that is longer than a string can be, even if it is of one secret', async () => {
    const first = await listening('--state', file('state'));
    await first.client.createSecret({ Name: 'app', SecretString: 'first' });
    const { VersionId } = await first.client.putSecretValue({ SecretId: 'app', SecretString: 'second' });
    first.child.kill('SIGKILL');
    await first.end;
    const { secret } = JSON.parse((await readFile(file('state'), 'utf8')).trim().split('\n').at(-1) ?? '');
    const state = await open(file('state'), 'a');
    for (let n = 0; n < 9_800; n++) {
      const id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
      const version = {
        id,
        createdDate: secret.createdDate,
        labels: [],
        string: `${n} `.repeat(64_900).slice(0, 64_900),
      };
      await state.write(`${JSON.stringify({ secret, versions: [version] })}\n`);
    }
    await state.close();
    expect((await stat(file('state'))).size).toBeGreaterThan(600 * 2 ** 20);
    // The second time as it was written anew.
    for (let turn = 0; turn < 2; turn++) {
      const { client, value, child, end } = await listening('--state', file('state'));
      expect(await value('app')).toBe('second');
      expect(await value('app', 'AWSPREVIOUS')).toBe('first');
      for (const n of [0, 4_000, 9_799]) {
        const VersionId = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
        const { SecretString } = await client.getSecretValue({ SecretId: 'app', VersionId });
        expect(SecretString).toBe(`${n} `.repeat(64_900).slice(0, 64_900));
      }
      const { VersionIdsToStages } = await client.describeSecret({ SecretId: 'app' });
      expect(VersionIdsToStages).toMatchObject({ [VersionId ?? '']: ['AWSCURRENT'] });
      child.kill('SIGKILL');
      await end;
    }
  });

  test('does not read on in a file that has no lines', async () => {
    await writeFile(file('state'), '');
    await truncate(file('state'), 2 ** 33);
    const { code, stderr } = await run('--state', file('state'));
    expect(code).toBe(1);
    expect(stderr).toContain('a line is too long');
    expect((await stat(file('state'))).size).toBe(2 ** 33);
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

  test.each([
    ['quit', /its process ended \(exit code 3\)/],
    ['spin', /Task timed out after 1\.00 seconds/],
    ['throw', /cannot use \[redacted\]/],
    ['throw nothing', /it threw something that is not an Error/],
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
    const { code, stderr } = await run('--function', `never=${file('never.mjs')}`);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot load the function never: its process ended (SIGKILL)');
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
      await said('odd: createSecret failed: .* did not answer with JSON');
      await said('moved: createSecret failed: .* answered 302');
      await said('quiet: createSecret failed: the function failed without a message');
      await said('endless: createSecret failed: the function’s answer is larger than 1 MiB');
      await said('silent: createSecret failed: (Task timed out after 1.00|.*timed out)');
    } finally {
      emulator.close();
      emulator.closeAllConnections();
    }
  });

  test('says what is wrong with its command line, and quotes no value', async () => {
    const secret = 'my secret value';
    await writeFile(file('bad.json'), `{\n  "app": "${secret}",\n  "web": "${secret}",\n}\n`);
    await writeFile(file('list.json'), `["${secret}"]`);
    await writeFile(file('number.json'), `{"app":5}`);
    await writeFile(file('name.json'), `{"a b":"${secret}"}`);
    await writeFile(file('none.mjs'), 'export const other = 1;');
    await writeFile(file('syntax.mjs'), 'const one = 1;\nexport const handler = ( => one;');
    await writeFile(file('imports.mjs'), "import './syntax.mjs';");
    await writeFile(file('syntax.cjs'), 'exports.handler = {\n  1,\n');
    await writeFile(file('throws.mjs'), "\n\nthrow new Error('no variable URL');");
    await symlink(file('missing'), file('dangling'));
    const cases = [
      [['--port', '70000'], '--port takes a whole number from 0 to 65535', 2],
      [['--timeout', 'long'], '--timeout takes a whole number from 1 to 900', 2],
      [['--nothing'], "Unknown option '--nothing'; quarterturn local --help lists the options", 2],
      [['--function', 'rotate'], '--function takes <name>=<what>, not "rotate"', 2],
      [['--function', 'a=postgres', '--function', 'a=postgres'], 'there are two functions "a"', 2],
      [
        ['--function', 'a=./missing.js'],
        'missing.js, and no rotator of that name; the rotators are api-key, ',
        2,
      ],
      [['--function', 'a=postgrse'], 'postgrse, and no rotator of that name; the rotators are api-key, ', 2],
      [['--function', `a=${file('syntax.mjs')}`], `(line 2 of ${file('syntax.mjs')})`, 1],
      [['--function', `a=${file('imports.mjs')}`], `(line 2 of ${file('syntax.mjs')})`, 1],
      [['--function', `a=${file('syntax.cjs')}`], `(line 2 of ${file('syntax.cjs')})`, 1],
      [['--function', `a=${file('throws.mjs')}`], `no variable URL (line 3 of ${file('throws.mjs')})`, 1],
      [
        ['--function', `a=${file('none.mjs')}`],
        'the module exports neither a function "handler" nor "lambda"',
        1,
      ],
      [['--seed', file('missing.json')], 'ENOENT', 2],
      [['--seed', file('bad.json')], 'is not a JSON object: check line 3\n', 2],
      [['--seed', file('list.json')], 'is not a JSON object', 2],
      [['--seed', file('number.json')], 'the seed of "app" is neither a string nor an object', 2],
      [
        ['--seed', file('name.json')],
        'cannot create "a b" from the seed: ValidationException: Invalid name',
        2,
      ],
      [['--state', file('no/such/folder')], 'there is no such folder', 1],
      [['--state', command.rig.folder], 'it is not a file', 1],
      [['--state', file('dangling')], 'is a broken link', 1],
      [['--state', ''], '--state takes a file', 2],
      [['--function', 'a=http://user:my-secret-value@host'], 'must not contain a password', 2],
    ] as const;
    const outcomes = await Promise.all(cases.map(([args]) => run(...args)));
    for (const [index, [, message, code]] of cases.entries()) {
      expect(outcomes[index]).toMatchObject({ code, stderr: expect.stringContaining(message) });
      expect(outcomes[index]?.stderr).not.toMatch(/my.secret.value/);
    }
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
    expect(stdout).toMatch(/finishing the rotation of app first[\s\S]*finishSecret succeeded[\s\S]*ended\n$/);
  });
});
