import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { postgres } from '../../rotators/postgres/index.js';
import { rotationHandler } from '../../src/index.js';
import { type Listener, LocalSecretsManager } from '../../src/testing/index.js';
import { CommandRig, until } from '../support/command.js';
import { leakWatch } from '../support/leak-watch.js';
import { before, cleanEnvironment } from '../support/operator.js';
import { startTestServer, type TestServer } from '../support/postgres.js';

const FIRST = 'first-9Kx2-7bqw-horse';

let server: TestServer;
let command: CommandRig;
beforeAll(async () => {
  [server, command] = await Promise.all([startTestServer(), CommandRig.make(FIRST)]);
});
afterAll(async () => {
  await command.end();
  await server.stop();
});

const listeners: Pick<Listener, 'close'>[] = [];
afterEach(async () => {
  for (const listener of listeners.splice(0)) await listener.close();
});

let count = 0;

/** A secret of a role of a real server, whose last change is a day old for the command, and its rotation function. */
async function stuck(stopIn?: string, { engine = 'postgres' } = {}) {
  const role = `app_${++count}`;
  await server.sql(`CREATE ROLE ${role} LOGIN PASSWORD '${FIRST}'`);
  const secrets = new LocalSecretsManager({ standsAt: before(2) });
  const listener = await secrets.listen();
  listeners.push(listener);
  const handler = rotationHandler(postgres(), { client: secrets, log: () => {} });
  const functionArn = secrets.addFunction('rotate', async (event, context) => {
    if (event.Step === stopIn) throw new Error('stopped');
    return handler(event, context);
  });
  await secrets.createSecret({ Name: 'app/db', SecretString: server.secret(role, FIRST, { engine }) });
  await secrets.advanceTo(before(1));
  await secrets.rotateSecret({ SecretId: 'app/db', RotationLambdaARN: functionArn });
  await secrets.rotation('app/db').run();
  const passwordOf = async (VersionStage: string) => {
    const { SecretString = '' } = await secrets.getSecretValue({ SecretId: 'app/db', VersionStage });
    const { password } = JSON.parse(SecretString);
    leakWatch.hide(password);
    return String(password);
  };
  const env = {
    ...cleanEnvironment(command.folder),
    AWS_ENDPOINT_URL_SECRETS_MANAGER: listener.url,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_REGION: 'eu-west-1',
  };
  const holder = async (label: string) => {
    const { VersionIdsToStages = {} } = await secrets.describeSecret({ SecretId: 'app/db' });
    return Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id]?.includes(label));
  };
  return {
    ...{ secrets, role, passwordOf, holder, url: listener.url },
    start: (...args: readonly string[]) => command.start(args, env),
    run: (...args: readonly string[]) => command.start(args, env).end,
    shell: async (line: string) => (await command.shell(line, env)).end,
    works: async (label: string) => server.accepts(role, await passwordOf(label)),
  };
}

/** Begins a rotation, lets setSecret pass, and takes AWSPENDING off, as many runbooks say. Returns the version. */
async function abandonAfterSetSecret({ secrets, holder }: Awaited<ReturnType<typeof stuck>>) {
  await secrets.advanceTo(before(0.5));
  await secrets.rotateSecret({ SecretId: 'app/db' });
  const rotation = secrets.rotation('app/db');
  await rotation.runStep();
  await rotation.runStep();
  const pending = await holder('AWSPENDING');
  await secrets.updateSecretVersionStage({
    ...{ SecretId: 'app/db', VersionStage: 'AWSPENDING', RemoveFromVersionId: pending },
  });
  return pending;
}

/** A manifest as its owner writes one. The service is a file, with the one password that it takes. */
const MINE = `
import { readFileSync, writeFileSync } from 'node:fs';
const rotator = {
  name: 'mine',
  rotates: ['password'],
  shows: [],
  parse: ({ password }) => ({ password }),
  createSecret: () => ({ password: 'own-' + Math.random().toString(36).slice(2) + '-horse' }),
  setSecret: ({ pending }) => writeFileSync('accepted', pending.password),
  testSecret: ({ password }) => (readFileSync('accepted', 'utf8') === password ? 'accepted' : 'rejected'),
};
export const lambda = { rotator: () => rotator, environment: [], permissions: [], drivers: [] };
`;

/** A way to the secrets on which one operation is denied, as AWS words it. */
const denying = (url: string, operation: string) => through(url, () => ({}), operation);

/** A way to the secrets whose answers have more headers. */
async function through(url: string, more: () => Record<string, string>, operation = 'none'): Promise<string> {
  const proxy = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const headers = { 'content-type': 'application/x-amz-json-1.1', ...more() };
    if (String(request.headers['x-amz-target']).endsWith(`.${operation}`)) {
      const message = `User: arn:aws:iam::123456789012:user/night is not authorized to perform: secretsmanager:${operation}`;
      response
        .writeHead(400, headers)
        .end(JSON.stringify({ __type: 'AccessDeniedException', Message: message }));
      return;
    }
    const answer = await fetch(url, {
      method: 'POST',
      headers: request.headers as Record<string, string>,
      body,
    });
    response.writeHead(answer.status, headers).end(Buffer.from(await answer.arrayBuffer()));
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  listeners.push({
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}

/** What was printed, without what differs from run to run. */
async function steady(text: string, { holder }: Awaited<ReturnType<typeof stuck>>): Promise<string> {
  let result = text
    .replace(/secret:app\/db-\w{6}/g, 'secret:app/db-AbCdEf')
    .replaceAll(String(server.port), 'PORT');
  for (const label of ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS']) {
    const id = await holder(label);
    if (id === undefined) continue;
    result = result.replaceAll(id, `<${label}>`).replaceAll(id.slice(0, 8), `<${label.slice(3)}>`);
  }
  return result.replace(/\bapp_\d+/g, 'app').replace(/\d+ ms/g, 'n ms');
}

describe('a rotation that stopped after setSecret', () => {
  test('is shown by test, which says which version works and fails, since AWSCURRENT does not', async () => {
    const secret = await stuck('testSecret');
    const { code, stdout, stderr } = await secret.run('test', 'app/db', '--rotator', 'postgres');
    expect(await steady(stdout, secret)).toMatchInlineSnapshot(`
"app/db  eu-west-1  engine postgres, host 127.0.0.1, port PORT, username app, dbname postgres
  AWSCURRENT  <CURRENT>  refused       2 d
  AWSPENDING  <PENDING>  accepted     24 h
Only AWSPENDING works: a rotation stopped after setSecret. The service refuses applications that read AWSCURRENT. What to do: quarterturn doctor app/db --rotator postgres
"
`);
    expect([code, stderr]).toEqual([1, '']);
  });

  test('is found by doctor, with the calls that repair it and what must not be done; nothing is changed', async () => {
    const secret = await stuck('testSecret');
    const { code, stdout } = await secret.run('doctor', 'app/db', '--rotator', 'postgres');
    expect(await steady(stdout, secret)).toMatchInlineSnapshot(`
"app/db  eu-west-1  engine postgres, host 127.0.0.1, port PORT, username app, dbname postgres
  AWSCURRENT  <CURRENT>  refused       2 d
  AWSPENDING  <PENDING>  accepted     24 h
LIVE_PENDING: Only AWSPENDING works: a rotation stopped after setSecret. The service refuses applications that read AWSCURRENT.
  repair  quarterturn doctor app/db --rotator postgres --fix --here
  or      for step in createSecret setSecret testSecret finishSecret; do failed=$(echo "{\\"SecretId\\":\\"arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf\\",\\"ClientRequestToken\\":\\"<AWSPENDING>\\",\\"Step\\":\\"$step\\"}" | aws lambda invoke --function-name arn:aws:lambda:eu-west-1:123456789012:function:rotate --payload fileb:///dev/stdin --query FunctionError --output text answer.json) || break; [ "$failed" = None ] || { cat answer.json; break; }; done
  or      quarterturn doctor app/db --rotator postgres --fix
  or      aws secretsmanager update-secret-version-stage --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf --version-stage AWSCURRENT --move-to-version-id <AWSPENDING> --remove-from-version-id <AWSCURRENT>
  advice  if you move the label, finishSecret does not run: revoke what it would have retired (an old key) yourself
  NOT     do not remove AWSPENDING: the only value that works would lose its label
not checked, since that needs other rights:
  the function’s log: which step failed, with which code (aws logs tail /aws/lambda/rotate --since 1d)
  whether the function exists, and Secrets Manager may invoke it (aws lambda get-policy --function-name rotate)
  its timeout, VPC and security groups (aws lambda get-function-configuration --function-name rotate)
  the KMS key, and who may use it (aws secretsmanager describe-secret --secret-id arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf --query KmsKeyId names it)
"
`);
    expect(code).toBe(1);
    expect(await secret.works('AWSCURRENT')).toBe(false);
    expect(await secret.works('AWSPENDING')).toBe(true);
  });

  test('is finished by doctor --fix --here', async () => {
    const secret = await stuck('testSecret');
    const pending = await secret.holder('AWSPENDING');
    const { code, stdout } = await secret.run(
      'doctor',
      'app/db',
      '--rotator',
      'postgres',
      '--fix',
      '--here',
      '--yes',
    );
    expect(stdout).toContain(
      '  createSecret: kept\n  setSecret: set\n  testSecret: passed\n  finishSecret: promoted\n' +
        `done: run the four steps of version ${pending} here, with this machine’s rights\n`,
    );
    expect(stdout).toContain('OK: AWSCURRENT works.');
    expect(code).toBe(0);
    expect(await secret.holder('AWSCURRENT')).toBe(pending);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('is not called mended by a repair: the function has not run, and may be as broken as before', async () => {
    const secret = await stuck('testSecret');
    const doctor = ['doctor', 'app/db', '--rotator', 'postgres', '--region', 'eu-west-1', '--fix', '--yes'];
    const repaired = await secret.run(...doctor);
    expect(repaired.stderr).toContain('The cause may be left: the function’s log says why');
    expect(repaired.stderr).toContain('quarterturn rotate app/db --region eu-west-1\n');
    // Nothing was wrong any more, and nothing was repaired.
    expect((await secret.run(...doctor)).stderr).toBe('');
  });

  test('is ended by its label where the steps cannot be taken', async () => {
    const secret = await stuck('testSecret');
    const pending = await secret.holder('AWSPENDING');
    const { code, stdout } = await secret.run('doctor', 'app/db', '--rotator', 'postgres', '--fix', '--yes');
    expect(stdout).toContain(`done: move AWSCURRENT to version ${pending}`);
    expect(code).toBe(0);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('is ended by the call that doctor prints', async () => {
    const secret = await stuck('testSecret');
    const { stdout } = await secret.run('doctor', 'app/db', '--rotator', 'postgres');
    const [, to, from] = /--move-to-version-id (\S+) --remove-from-version-id (\S+)/.exec(stdout) ?? [];
    await secret.secrets.updateSecretVersionStage({
      SecretId: 'app/db',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: to,
      RemoveFromVersionId: from,
    });
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('is not touched without an answer', async () => {
    const secret = await stuck('testSecret');
    const { code, stderr } = await secret.run('doctor', 'app/db', '--rotator', 'postgres', '--fix');
    expect(stderr).toContain(
      'this command asks before it changes anything, but there is no terminal: add --yes',
    );
    expect(code).toBe(2);
    expect(await secret.works('AWSCURRENT')).toBe(false);
  });

  test('is one JSON object a line for machines', async () => {
    const secret = await stuck('testSecret');
    const { stdout } = await secret.run('doctor', 'app/db', '--rotator', 'postgres', '--json');
    const [found, end] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(found).toMatchObject({
      type: 'found',
      finding: { name: 'LIVE_PENDING', repairs: [{ kind: 'resume' }, { kind: 'promote' }] },
      versions: [
        { labels: ['AWSCURRENT'], verdict: 'refused' },
        { labels: ['AWSPENDING'], verdict: 'accepted' },
      ],
    });
    expect(end).toMatchObject({ type: 'end', finding: 'LIVE_PENDING' });
  });
});

describe('the commands that doctor prints for the function', () => {
  /** An `aws` that says what it was given, and fails in a step as `aws lambda invoke` does: it exits with 0. */
  async function aws(failsIn: string, notThere = ''): Promise<void> {
    const script = [
      '#!/bin/bash',
      'case " $* " in *" --payload fileb:///dev/stdin "*) payload=$(cat);; *) echo "no payload" >&2; exit 252;; esac',
      'step=$(node -p "JSON.parse(process.argv[1]).Step" "$payload")',
      'echo "$step" >> steps',
      `[ "$step" != "${notThere}" ] || exit 254`,
      `if [ "$step" = ${failsIn} ]; then echo '{"errorMessage":"it failed"}' > answer.json; echo Unhandled; else echo None; fi`,
    ];
    await writeFile(join(command.folder, 'bin', 'aws'), `${script.join('\n')}\n`, { mode: 0o755 });
  }

  test('take the steps in order, and stop at the first that fails', async () => {
    const secret = await stuck('testSecret');
    const { stdout } = await secret.shell('quarterturn doctor app/db --rotator postgres');
    const line = stdout
      .split('\n')
      .find((each) => each.includes('aws lambda invoke'))
      ?.replace(/^ {2}\w+ +/, '');
    await aws('none');
    expect((await secret.shell(`rm -f steps; ${line}; cat steps`)).stdout).toBe(
      'createSecret\nsetSecret\ntestSecret\nfinishSecret\n',
    );
    await aws('testSecret');
    expect((await secret.shell(`rm -f steps; ${line}; cat steps`)).stdout).toBe(
      '{"errorMessage":"it failed"}\ncreateSecret\nsetSecret\ntestSecret\n',
    );
    // The call itself fails: what an earlier one has left in answer.json is no answer to it.
    await aws('none', 'setSecret');
    expect((await secret.shell(`rm -f steps; ${line}; cat steps`)).stdout).toBe('createSecret\nsetSecret\n');
  });
});

/** Something has changed a few minutes ago, so that a step may be running. */
async function justChanged({ secrets }: Awaited<ReturnType<typeof stuck>>): Promise<void> {
  await secrets.advanceTo(before(0.003));
  await secrets.updateSecret({ SecretId: 'app/db', Description: 'touched' });
}

describe('what doctor prints to be copied', () => {
  test('finds again, and repairs, what only --probe-all has found', async () => {
    const secret = await stuck();
    await secret.secrets.rotateSecret({ SecretId: 'app/db' });
    await secret.secrets.rotation('app/db').run();
    const stray = await abandonAfterSetSecret(secret);
    const test = await secret.shell('quarterturn test app/db --rotator postgres');
    expect(test.stdout).toContain('or removed AWSPENDING from the version that works. What to do: ');
    const [, doctor = ''] = /What to do: (.*)/.exec(test.stdout) ?? [];
    const refused = await secret.shell(doctor);
    expect(refused.stdout).toContain('REFUSED_ALONE: ');
    const [, all = ''] = /: (quarterturn doctor .* --probe-all)$/m.exec(refused.stdout) ?? [];
    const found = await secret.shell(all);
    expect(found.stdout).toContain('STRAY_LIVE: ');
    const [, fix = ''] = /^ {2}repair {2}(.*)/m.exec(found.stdout) ?? [];
    expect(fix).toBe('quarterturn doctor app/db --rotator postgres --probe-all --fix');
    const everyTest = await secret.shell('quarterturn test app/db --rotator postgres --probe-all');
    expect(everyTest.stdout).toContain(
      'What to do: quarterturn doctor app/db --rotator postgres --probe-all\n',
    );
    expect(await secret.holder('AWSCURRENT')).not.toBe(stray);
    expect((await secret.shell(`${fix} --yes`)).code).toBe(0);
    expect(await secret.holder('AWSCURRENT')).toBe(stray);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('repairs when it is copied, where doctor itself was given --now', async () => {
    const secret = await stuck('testSecret');
    await justChanged(secret);
    const doctor = 'quarterturn doctor app/db --rotator postgres';
    const waiting = await secret.shell(doctor);
    expect(waiting.stdout).toMatch(
      /IN_FLIGHT: .*\n {2}advice {2}wait until \d\d:\d\d UTC, then look again\n/,
    );
    const [, hurry] = /no step is running: (quarterturn .*)/.exec(waiting.stdout) ?? [];
    expect(hurry).toBe(`${doctor} --now`);
    const [, repair] = /repair {2}(quarterturn .*)/.exec((await secret.shell(`${hurry}`)).stdout) ?? [];
    expect(await secret.works('AWSCURRENT')).toBe(false);
    expect((await secret.shell(`${repair} --yes`)).code).toBe(0);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('quotes the path of a rotator, which may have blanks in it', async () => {
    const secret = await stuck();
    await mkdir(join(command.folder, 'my rotators'), { recursive: true });
    await writeFile(join(command.folder, 'my rotators', "o'gate.mjs"), MINE);
    await writeFile(join(command.folder, 'accepted'), 'own-first-7bqw-9Kx2');
    await secret.secrets.createSecret({
      Name: 'app/own',
      SecretString: '{"password":"own-other-7bqw-9Kx2"}',
    });
    const path = "./my rotators/o'gate.mjs";
    const { stdout } = await secret.shell(`quarterturn test app/own --rotator "${path}"`);
    const [, copied] = /What to do: (quarterturn .*)/.exec(stdout) ?? [];
    expect(copied).toBe("quarterturn doctor app/own --rotator './my rotators/o'\\''gate.mjs'");
    const doctor = await secret.shell(`${copied}`);
    expect([doctor.code, doctor.stderr]).toEqual([1, '']);
    expect(doctor.stdout).toContain('REFUSED_ALONE: ');
  });

  test('names the secret and reaches the same account in every call, and the endpoint is that of Secrets Manager alone', async () => {
    const secret = await stuck('setSecret');
    const { stdout } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--region', 'eu-west-1', '--endpoint-url', secret.url],
    );
    const calls = stdout.match(/aws (?:secretsmanager|lambda|logs) [a-z]+(?:-[a-z]+)*[^;,()]*/g) ?? [];
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) {
      expect(call).toContain(' --region eu-west-1');
      const isOfSecrets = call.startsWith('aws secretsmanager');
      expect(call.includes(` --endpoint-url ${secret.url}`)).toBe(isOfSecrets);
      expect(/ --secret-id arn:aws:secretsmanager:\S+:app\/db-/.test(call)).toBe(isOfSecrets);
    }
  });

  test('says why a cancelled rotation keeps AWSPENDING, and until when, and that nothing was repaired', async () => {
    const secret = await stuck('setSecret');
    await secret.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    await justChanged(secret);
    const { code, stdout, stderr } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--now', '--fix', '--yes'],
    );
    expect(stdout).toMatch(
      /advice {2}AWSPENDING is not removed yet: the secret changed within the last 15 minutes, .* Wait until \d\d:\d\d UTC: --now does not shorten this\n/,
    );
    expect(stderr).toBe('quarterturn: nothing was repaired\n');
    expect(code).toBe(1);
    expect(await secret.holder('AWSPENDING')).toBeDefined();
  });

  test('says that --here takes the steps, where only they repair', async () => {
    const secret = await stuck('setSecret');
    const { code, stderr } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--fix', '--yes'],
    );
    expect(stderr).toBe('quarterturn: nothing was repaired: --here runs the four steps on this machine\n');
    expect(code).toBe(1);
    expect(await secret.works('AWSPENDING')).toBe(false);
  });
});

describe('other states', () => {
  test('a healthy secret is healthy, and its rotator is found by its engine', async () => {
    const secret = await stuck();
    const { code, stdout, stderr } = await secret.run('test', 'app/db');
    expect(stdout).toMatch(/AWSCURRENT +\w{8} +accepted/);
    expect(stderr).toContain('using the rotator postgres, after the secret’s "engine"');
    expect(code).toBe(0);
  });

  test('a password that is a word of what is printed is taken out of it', async () => {
    const secret = await stuck();
    await server.sql(`ALTER ROLE ${secret.role} PASSWORD 'postgres'`);
    await secret.secrets.putSecretValue({
      SecretId: 'app/db',
      SecretString: server.secret(secret.role, 'postgres'),
    });
    const { code, stdout } = await secret.run('test', 'app/db', '--rotator', 'postgres');
    expect(stdout).toMatch(/engine \[redacted\], .*AWSCURRENT +\w{8} +accepted/s);
    expect(stdout).not.toContain('postgres');
    expect(code).toBe(0);
    expect((await secret.run('test', 'app/db')).code).toBe(0);
    const run = await secret.run('run', 'app/db', '--rotator', 'postgres', '--step', 'testSecret', '--yes');
    expect(run.stderr).toMatch(
      /^hint: createSecret stored no value: .* --rotator \[redacted\] says which version works\n$/,
    );
  });

  test('a rotation that stopped before setSecret is finished', async () => {
    const secret = await stuck('setSecret');
    const { code, stdout } = await secret.run(
      'doctor',
      'app/db',
      '--rotator',
      'postgres',
      '--fix',
      '--here',
      '--yes',
    );
    expect(stdout).toContain('DEAD_PENDING: ');
    expect(code).toBe(0);
    expect(await server.accepts(secret.role, FIRST)).toBe(false);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('a password that somebody changed at the server is for a person to repair', async () => {
    const secret = await stuck();
    await server.sql(`ALTER ROLE ${secret.role} PASSWORD 'another-7bqw-9Kx2-horse'`);
    const { code, stdout } = await secret.run(
      'doctor',
      'app/db',
      '--rotator',
      'postgres',
      '--fix',
      '--here',
      '--yes',
    );
    expect(stdout).toContain('REFUSED_ALONE: ');
    expect(code).toBe(1);
  });

  test('a role that was locked out is no refusal, and nothing is done about it', async () => {
    const secret = await stuck('testSecret');
    await server.sql(`ALTER ROLE ${secret.role} NOLOGIN`);
    const { code, stdout } = await secret.run(
      'doctor',
      'app/db',
      '--rotator',
      'postgres',
      '--fix',
      '--here',
      '--yes',
    );
    expect(stdout).toContain('LOCKED: ');
    expect(stdout).toContain('  advice  check the role and pg_hba.conf. The role may lack LOGIN');
    expect(code).toBe(1);
    expect(await secret.holder('AWSPENDING')).toBeDefined();
  });

  test('a leaked password that works again after a restore is not brought back', async () => {
    const secret = await stuck();
    await secret.secrets.rotateSecret({ SecretId: 'app/db' });
    await secret.secrets.rotation('app/db').run();
    await server.sql(`ALTER ROLE ${secret.role} PASSWORD '${FIRST}'`);
    const current = await secret.holder('AWSCURRENT');
    const { code, stdout } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--fix', '--here', '--yes', '--probe-all'],
    );
    expect(stdout).toContain('STRAY_LIVE: ');
    expect(stdout).toContain('does not become AWSCURRENT: it was AWSCURRENT once');
    expect(code).toBe(1);
    expect(await secret.holder('AWSCURRENT')).toBe(current);
  });

  test('a value that a person has just stored is not replaced, though AWSPENDING has lost its label to it', async () => {
    const secret = await stuck('testSecret');
    await secret.secrets.advanceTo(before(0.5));
    const { VersionId } = await secret.secrets.putSecretValue({
      SecretId: 'app/db',
      SecretString: server.secret(secret.role, 'typed-by-hand-7bqw-9Kx2'),
    });
    const { code, stdout } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--fix', '--here', '--yes', '--probe-all'],
    );
    expect(stdout).toContain('STRAY_LIVE: ');
    expect(stdout).toContain('does not become AWSCURRENT: it is not known to be newer than AWSCURRENT');
    expect(stdout).not.toContain('put-secret-value');
    expect(code).toBe(1);
    expect(await secret.holder('AWSCURRENT')).toBe(VersionId);
  });

  test('AWSCURRENT that was moved back by hand stays there, and only the label that is left goes', async () => {
    const secret = await stuck();
    const [fresh, old] = [await secret.holder('AWSCURRENT'), await secret.holder('AWSPREVIOUS')];
    const move = (VersionStage: string, to?: string, from?: string) =>
      secret.secrets.updateSecretVersionStage({
        ...{ SecretId: 'app/db', VersionStage, MoveToVersionId: to, RemoveFromVersionId: from },
      });
    await move('AWSPENDING', fresh);
    await move('AWSCURRENT', old, fresh);
    await server.sql(`ALTER ROLE ${secret.role} PASSWORD '${FIRST}'`);
    const { code, stdout } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--fix', '--here', '--yes'],
    );
    expect(stdout).toContain('LABEL_LEFT: ');
    expect(code).toBe(0);
    expect([await secret.holder('AWSCURRENT'), await secret.holder('AWSPREVIOUS')]).toEqual([old, fresh]);
    expect(await secret.holder('AWSPENDING')).toBeUndefined();
  });

  test('a server that does not answer leaves every version unknown', async () => {
    const secret = await stuck('testSecret');
    const { SecretString = '' } = await secret.secrets.getSecretValue({ SecretId: 'app/db' });
    await secret.secrets.putSecretValue({
      SecretId: 'app/db',
      SecretString: SecretString.replace(/"port":\d+/, '"port":1'),
    });
    const { code, stdout } = await secret.run('test', 'app/db', '--rotator', 'postgres');
    expect(stdout).toMatch(/AWSCURRENT +\w{8} +unknown .*\n +ERR_SERVICE_REFUSED: /);
    expect(stdout).not.toMatch(/AWSCURRENT +\w{8} +refused/);
    expect(code).toBe(1);
    // Elsewhere nothing would listen on that port either: what the service's refusal hints at is said, too.
    const doctor = await secret.run('doctor', 'app/db', '--rotator', 'postgres', '--now');
    expect(doctor.stdout).toMatch(
      /UNKNOWN: .*\n {2}advice {2}if only this machine cannot reach the service: .*\n {2}advice {2}otherwise: check that the server is running, and "host" and "port" in the secret\n/,
    );
  });

  test('a secret without a function names no function to look at, and changes nothing', async () => {
    const secret = await stuck();
    const SecretString = server.secret(secret.role, 'not-its-horse');
    const { VersionId } = await secret.secrets.createSecret({ Name: 'app/admin', SecretString });
    const { code, stdout } = await secret.run('doctor', 'app/admin', '--rotator', 'postgres');
    expect(stdout).toContain('the KMS key, and who may use it');
    expect(stdout).not.toMatch(/<function>|aws lambda|aws logs/);
    expect(code).toBe(1);
    const { VersionIdsToStages } = await secret.secrets.describeSecret({ SecretId: 'app/admin' });
    expect(VersionIdsToStages).toEqual({ [String(VersionId)]: ['AWSCURRENT'] });
  });

  test('a rotation that was cancelled after setSecret is ended by its label', async () => {
    const secret = await stuck('testSecret');
    await secret.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    const { code, stdout } = await secret.run(
      'doctor',
      'app/db',
      '--rotator',
      'postgres',
      '--fix',
      '--here',
      '--yes',
    );
    expect(stdout).toContain('CANCELLED: ');
    expect(stdout).toContain('ROTATION_OFF: ');
    expect(code).toBe(0);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('a rotation that was cancelled before setSecret loses AWSPENDING', async () => {
    const secret = await stuck('setSecret');
    await secret.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    const { code, stdout } = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--fix', '--yes', '--wait', '1s'],
    );
    expect(stdout).toContain('watching for 1 s');
    expect(code).toBe(0);
    expect(await secret.holder('AWSPENDING')).toBeUndefined();
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });
});

describe('a right that is missing', () => {
  async function without(operation: string, ...options: readonly string[]) {
    const secret = await stuck('testSecret');
    const url = await denying(secret.url, operation);
    const end = await secret.run(
      ...['doctor', 'app/db', '--rotator', 'postgres', '--endpoint-url', url, ...options],
    );
    expect(end.stdout + end.stderr).not.toMatch(/^ +at /m);
    expect(await secret.works('AWSCURRENT')).toBe(false);
    expect(end.code).toBe(1);
    return end;
  }

  test('to describe the secret is one line', async () => {
    const { stdout, stderr } = await without('DescribeSecret');
    expect(stderr).toContain(
      'quarterturn: DescribeSecret of app/db was denied: secretsmanager:DescribeSecret is missing',
    );
    expect(stdout).toBe('');
  });

  test('to read values leaves every version unknown', async () => {
    const { stdout } = await without('GetSecretValue', '--fix', '--here', '--yes');
    expect(stdout).toMatch(/AWSCURRENT +\w{8} +unknown .*\n.*secretsmanager:GetSecretValue is missing/);
    expect(stdout).toContain('UNKNOWN: ');
  });

  test('to list versions leaves their ages unknown, and nothing is repaired', async () => {
    const { stdout } = await without('ListSecretVersionIds', '--fix', '--here', '--yes');
    expect(stdout).toContain('OLD_PENDING: ');
    expect(stdout).toContain('AGES_UNKNOWN: ');
  });

  test('to move labels is said of the repair that it kept from being made', async () => {
    const { stdout } = await without('UpdateSecretVersionStage', '--fix', '--yes');
    expect(stdout).toMatch(
      /failed: move AWSCURRENT to .*\n.*secretsmanager:UpdateSecretVersionStage is missing/,
    );
  });
});

test('Ctrl-C ends the looking on, says that it is not over, and leaves nothing half done', async () => {
  const secret = await stuck('setSecret');
  await secret.secrets.cancelRotateSecret({ SecretId: 'app/db' });
  const { child, output, end } = secret.start('doctor', 'app/db', '--rotator', 'postgres', '--fix', '--yes');
  await until(() => output.stdout.includes('watching for 15 min'));
  child.kill('SIGINT');
  const { code, stderr } = await end;
  expect(stderr).toContain('stopped; run it again to see what is left');
  expect(code).toBe(130);
  expect(await secret.holder('AWSPENDING')).toBeUndefined();
});

test('Ctrl-C while the versions are tried keeps the repair from being made, though --yes was given', async () => {
  const secret = await stuck('testSecret');
  const current = await secret.holder('AWSCURRENT');
  await mkdir(join(command.folder, 'slow'), { recursive: true });
  await writeFile(
    join(command.folder, 'slow', 'lambda.mjs'),
    `
import { writeFileSync } from 'node:fs';
const rotator = {
  name: 'slow',
  rotates: ['password'],
  shows: [],
  parse: ({ password }) => ({ password }),
  createSecret: () => ({ password: 'own-7bqw-9Kx2-horse' }),
  setSecret: () => {},
  testSecret: async ({ password }) => {
    if (password === '${FIRST}') return 'rejected';
    writeFileSync(process.env.TMPDIR + '/is-trying', '');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return 'accepted';
  },
};
export const lambda = { rotator: () => rotator, environment: [], permissions: [], drivers: [] };
`,
  );
  const { child, end } = secret.start(
    ...['doctor', 'app/db', '--rotator', join(command.folder, 'slow', 'lambda.mjs'), '--fix', '--yes'],
  );
  await until(() => existsSync(join(command.folder, 'is-trying')));
  child.kill('SIGINT');
  expect((await end).code).toBe(130);
  expect(await secret.holder('AWSCURRENT')).toBe(current);
});

test('a clock that is an hour ahead does not hide that a step may be running', async () => {
  const secret = await stuck('testSecret');
  const current = await secret.holder('AWSCURRENT');
  const [changed] = [before(1)];
  const url = await through(secret.url, () => ({ date: new Date(+changed + 300_000).toUTCString() }));
  const { code, stdout } = await secret.run(
    ...['doctor', 'app/db', '--rotator', 'postgres', '--endpoint-url', url, '--fix', '--yes'],
  );
  expect(stdout).toContain('IN_FLIGHT: ');
  expect(code).toBe(1);
  expect(await secret.holder('AWSCURRENT')).toBe(current);
});

test('a secret whose users may take turns is taken for one of a single user by nobody', async () => {
  const secret = await stuck();
  const { SecretString = '' } = await secret.secrets.getSecretValue({ SecretId: 'app/db' });
  await secret.secrets.putSecretValue({
    SecretId: 'app/db',
    SecretString: JSON.stringify({ ...JSON.parse(SecretString), masterarn: 'admin' }),
  });
  const { code, stderr } = await secret.run('run', 'app/db', '--yes');
  expect(stderr).toContain(
    'Name it: --rotator postgres | postgres/alternating-users | postgres/rds-instance, or a file of your own',
  );
  expect(code).toBe(2);
  expect(await secret.holder('AWSPENDING')).toBeUndefined();
});

test('a version for another port is told as what it is, not as AWSPENDING', async () => {
  const secret = await stuck();
  const moved = server.secret(secret.role, await secret.passwordOf('AWSCURRENT'), { port: 1 });
  await secret.secrets.putSecretValue({ SecretId: 'app/db', SecretString: moved });
  const { stdout } = await secret.run('test', 'app/db', '--rotator', 'postgres');
  expect(stdout).toMatch(
    /AWSPREVIOUS +\w{8} +foreign .*\n {4}ERR_PENDING_MISMATCH: it differs from AWSCURRENT in "port"\n/,
  );
  expect(stdout).not.toContain('AWSPENDING and AWSCURRENT differ');
});

test('what is about to be written names account and Region, and a no is a no', async () => {
  const secret = await stuck('testSecret');
  const current = await secret.holder('AWSCURRENT');
  const { code, stdout } = await secret.shell(
    '(sleep 3; echo n; sleep 3) | script -qefc "quarterturn doctor app/db --rotator postgres --fix" /dev/null',
  );
  expect(stdout).toMatch(/move AWSCURRENT to .* of app\/db, eu-west-1, account 123456789012\? \[y\/N\]/);
  expect(code).toBe(1);
  expect(await secret.holder('AWSCURRENT')).toBe(current);
});

describe('quarterturn run', () => {
  test('takes no --probe-all: it tries no version that it would not run the steps for', async () => {
    const secret = await stuck();
    const current = await secret.holder('AWSCURRENT');
    const { code, stderr } = await secret.run(
      'run',
      'app/db',
      '--rotator',
      'postgres',
      '--probe-all',
      '--yes',
    );
    expect(stderr).toContain('--probe-all');
    expect(code).toBe(2);
    expect(await secret.holder('AWSCURRENT')).toBe(current);
  });

  test('begins no rotation for a user whom AWSCURRENT does not open: nothing is stored', async () => {
    const secret = await stuck();
    await server.sql(`ALTER ROLE ${secret.role} PASSWORD 'another-7bqw-9Kx2-horse'`);
    const { code, stderr } = await secret.run('run', 'app/db', '--rotator', 'postgres', '--yes');
    expect(stderr).toContain('no rotation was begun: AWSCURRENT is refused, not accepted (REFUSED_ALONE)');
    expect(code).toBe(1);
    expect(await secret.holder('AWSPENDING')).toBeUndefined();
  });

  test('begins a rotation, and takes it to its end', async () => {
    const secret = await stuck();
    const current = await secret.holder('AWSCURRENT');
    const { code, stdout, stderr } = await secret.run('run', 'app/db', '--rotator', 'postgres', '--yes');
    expect(await steady(stdout, secret)).toMatchInlineSnapshot(`
"  createSecret  created, n ms
  setSecret     set, n ms
  testSecret    passed, n ms
  finishSecret  promoted, n ms
"
`);
    expect([code, stderr]).toEqual([0, '']);
    expect(await secret.holder('AWSPREVIOUS')).toBe(current);
    expect(await secret.works('AWSCURRENT')).toBe(true);
  });

  test('takes a rotator of your own, by the path of its manifest', async () => {
    const secret = await stuck();
    await mkdir(join(command.folder, 'mine'), { recursive: true });
    await writeFile(join(command.folder, 'mine', 'lambda.mjs'), MINE);
    await writeFile(join(command.folder, 'accepted'), 'own-first-7bqw-9Kx2');
    await secret.secrets.createSecret({
      Name: 'app/own',
      SecretString: '{"password":"own-first-7bqw-9Kx2"}',
    });
    const { code, stdout } = await secret.shell(
      'quarterturn run app/own --rotator ./mine/lambda.mjs --yes && quarterturn test app/own --rotator ./mine/lambda.mjs',
    );
    expect(stdout).toMatch(/finishSecret {2}promoted.*AWSPREVIOUS +\w{8} +refused.*AWSCURRENT works\.\n$/s);
    expect(code).toBe(0);
  });

  test('goes on with a rotation that is not complete, step by step if it is asked to', async () => {
    const secret = await stuck('setSecret');
    const pending = await secret.holder('AWSPENDING');
    const step = (name: string) =>
      secret.run('run', 'app/db', '--rotator', 'postgres', '--yes', '--step', name);
    for (const name of ['setSecret', 'testSecret', 'finishSecret']) expect((await step(name)).code).toBe(0);
    expect(await secret.holder('AWSCURRENT')).toBe(pending);
  });

  test('says which step failed and why, and exits with 1', async () => {
    const secret = await stuck('setSecret');
    const { code, stdout, stderr } = await secret.run(
      ...['run', 'app/db', '--rotator', 'postgres', '--yes', '--step', 'testSecret'],
    );
    expect(stdout).toContain(
      'testSecret failed: the service rejected the credential in AWSPENDING (ERR_CREDENTIAL_REJECTED)',
    );
    expect(stderr).toContain('quarterturn doctor app/db --rotator postgres says which version works');
    expect(code).toBe(1);
  });

  test('does not finish what somebody has undone', async () => {
    const secret = await stuck();
    const [fresh, old] = [await secret.holder('AWSCURRENT'), await secret.holder('AWSPREVIOUS')];
    const move = (VersionStage: string, to?: string, from?: string) =>
      secret.secrets.updateSecretVersionStage({
        ...{ SecretId: 'app/db', VersionStage, MoveToVersionId: to, RemoveFromVersionId: from },
      });
    await move('AWSPENDING', fresh);
    await move('AWSCURRENT', old, fresh);
    const { code, stderr } = await secret.run('run', 'app/db', '--rotator', 'postgres', '--yes');
    expect(stderr).toContain('the rotation of AWSPENDING was not continued: ');
    expect(code).toBe(1);
    expect(await secret.holder('AWSCURRENT')).toBe(old);
  });

  test('asks first, and writes nothing without an answer', async () => {
    const secret = await stuck();
    const current = await secret.holder('AWSCURRENT');
    const { code } = await secret.run('run', 'app/db', '--rotator', 'postgres');
    expect(code).toBe(2);
    expect(await secret.holder('AWSCURRENT')).toBe(current);
    expect(await secret.holder('AWSPENDING')).toBeUndefined();
  });
});
