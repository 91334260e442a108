import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandRig, until } from '../support/command.js';
import { startTestServer, type TestServer } from '../support/postgres.js';

const FIRST = 'first-password-1';

let rig: CommandRig;
let temporary: string;

beforeEach(async () => {
  rig = await CommandRig.make(FIRST);
  temporary = rig.folder;
});

afterEach(() => rig.end());

const run = (...args: string[]) => rig.run(...args);
const start = (args: readonly string[], env: Record<string, string> = {}) => rig.start(args, env);

/** Processes that run from the temporary folder. */
async function leftProcesses(): Promise<string[]> {
  const left: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(temporary)) left.push(command.replaceAll('\0', ' '));
  }
  return left;
}

describe('quarterturn rehearse', () => {
  test('rotates on an embedded PostgreSQL, shows each step, proves the end, and leaves nothing behind', async () => {
    // Where the tests have not turned a warning of the SDK off.
    const warned = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'false' };
    const { code, stdout, stderr } = await start(['rehearse'], warned).end;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^PostgreSQL 18\.\d+, started for this rehearsal on 127\.0\.0\.1:\d+, user "app"\n/,
    );
    const state = (label: string, what: string) => `       ${label.padEnd(12)} [0-9a-f]{8}  ${what}\n`;
    const step = (n: number, name: string, ...states: string[]) =>
      `  ${n}  ${name} .* \\(\\d+ ms\\)\n${states.join('')}`;
    expect(stdout).toMatch(
      new RegExp(
        [
          'rotation 1 of 1\n',
          step(1, 'createSecret', state('AWSCURRENT', 'accepted'), state('AWSPENDING', 'refused')),
          step(2, 'setSecret', state('AWSCURRENT', 'refused'), state('AWSPENDING', 'accepted')),
          step(3, 'testSecret', state('AWSCURRENT', 'refused'), state('AWSPENDING', 'accepted')),
          step(4, 'finishSecret', state('AWSPREVIOUS', 'refused'), state('AWSCURRENT', 'accepted')),
          '\n  yes  the service accepts the new value\n  yes  the service refuses the old value\n',
          '  yes  nothing secret was printed \\(searched for 2 values\\)\n$',
        ].join(''),
      ),
    );
    expect(stdout).not.toContain('\u001b');
    expect(await readdir(temporary)).toEqual([]);
    expect(await leftProcesses()).toEqual([]);
  });

  test('with --json writes one object a step, and nothing else', async () => {
    const { code, stdout } = await run('rehearse', 'postgres', '--json', '--rotations', '2');
    const steps = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    expect(steps.map(({ rotation, step, outcome }) => [rotation, step, outcome])).toEqual(
      [1, 2].flatMap((rotation) => [
        [rotation, 'createSecret', 'created'],
        [rotation, 'setSecret', 'set'],
        [rotation, 'testSecret', 'passed'],
        [rotation, 'finishSecret', 'promoted'],
      ]),
    );
    expect(steps[0].labels).toEqual({
      AWSCURRENT: { versionId: expect.any(String), accepted: true },
      AWSPENDING: { versionId: expect.any(String), accepted: false },
    });
    expect(steps.at(-1).proof).toEqual({
      newAccepted: true,
      oldRefused: true,
      nothingPrinted: true,
      values: 3,
    });
  });

  test('with alternating users AWSCURRENT works after every step, and AWSPREVIOUS until the next setSecret', async () => {
    const { code, stdout } = await run(
      'rehearse',
      'postgres/alternating-users',
      '--json',
      '--rotations',
      '2',
    );
    expect(code).toBe(0);
    const steps = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(steps).toHaveLength(8);
    for (const { labels } of steps) expect(labels.AWSCURRENT.accepted).toBe(true);
    expect(steps.map(({ labels }) => labels.AWSPREVIOUS?.accepted)).toEqual([
      ...[undefined, undefined, undefined, true],
      ...[true, false, false, true],
    ]);
    expect(steps.at(-1).proof).toEqual({
      newAccepted: true,
      previousAccepted: true,
      oldRefused: true,
      nothingPrinted: true,
      values: 4,
    });
    expect(await readdir(temporary)).toEqual([]);
  });

  test('of service tokens shows that the value before stays accepted, and the one before that does not', async () => {
    const { code, stdout } = await run('rehearse', 'service-token', '--rotations', '2');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^a service that reads the secret, started for this rehearsal on http:/);
    expect(stdout).toMatch(
      new RegExp(
        [
          '       no label     [0-9a-f]{8}  refused\n',
          '       AWSPREVIOUS  [0-9a-f]{8}  accepted\n',
          '       AWSCURRENT   [0-9a-f]{8}  accepted\n',
          '\n  yes  the service accepts the new value\n',
          '  yes  the service still accepts the value before it, for one more rotation\n',
          '  yes  the service refuses the one before that\n',
          '  yes  nothing secret was printed \\(searched for 3 values\\)\n$',
        ].join(''),
      ),
    );
    expect(stdout).not.toContain('was told to accept');
  });

  test('of service tokens takes no secret: it would not be the user’s service', async () => {
    const file = join(temporary, 'secret.json');
    await writeFile(file, '{"current":"hunter2-hunter2"}');
    const { code, stderr } = await run('rehearse', 'service-token', '--secret', file, '--yes');
    expect(stderr).toContain('service-token can be rehearsed only on the service that the rehearsal starts');
    expect(stderr).not.toContain('hunter2');
    expect(code).toBe(1);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'on %s ends in order: no process, no file is left',
    async (signal) => {
      for (const moment of ['while the server starts', 'while it rotates']) {
        const { child, output, end } = start(['rehearse', '--rotations', '1000']);
        await until(async () =>
          moment === 'while it rotates'
            ? output.stdout.includes('rotation 2 ')
            : (await readdir(temporary)).length > 0,
        );
        child.kill(signal);
        expect(await end).toMatchObject({ code: signal === 'SIGINT' ? 130 : 143 });
        expect(await readdir(temporary)).toEqual([]);
        expect(await leftProcesses()).toEqual([]);
      }
    },
  );

  test('whose reader goes away ends in order too', async () => {
    const { child, output, end } = start(['rehearse', '--rotations', '1000']);
    await until(() => output.stdout.includes('rotation 2 '));
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await end).toMatchObject({ code: 143 });
    expect(await readdir(temporary)).toEqual([]);
  });
});

test.each([
  [['rehearse', '--rotations', 'x'], /^quarterturn: --rotations takes a whole number from 1 to 1000\n$/],
  [['rehearse', '--rotations', '0'], /^quarterturn: --rotations takes .*\n$/],
  [['rehearse', '--rotations'], /^quarterturn: .*--rotations.*\n$/],
  [
    ['rehearse', 'sqlite'],
    /^quarterturn: there is no rehearsal "sqlite"; choose from api-key, mysql, postgres, postgres\/alternating-users, service-token\n$/,
  ],
  [['rehearse', 'postgres', 'postgres'], /^quarterturn: rehearse takes one rotator, not 2\n$/],
  [['rehearse', '--wrong'], /^quarterturn: .*--wrong.*\n$/],
  [['rehearse', '--yes'], /^quarterturn: --yes goes with --secret\n$/],
  [
    ['rehearse', '--secret', 'secret.json'],
    /^quarterturn: --secret changes a real credential .*add --yes\n$/,
  ],
  [
    ['rehearse', '--secret', '/no/such/file', '--yes'],
    /^quarterturn: cannot read the secret from .*: ENOENT\n$/,
  ],
  [['revolve'], /^quarterturn: there is no command "revolve"; .*\n$/],
])('quarterturn %j exits with 2, and one line that says what is wrong', async (args, line) => {
  const { code, stdout, stderr } = await run(...args);
  expect(stderr).toMatch(line);
  expect(stderr.match(/\n/g)).toHaveLength(1);
  expect(stdout).toBe('');
  expect(code).toBe(2);
});

test.each([[[]], [['--help']], [['help']], [['rehearse', '--help']]])(
  'quarterturn %j helps',
  async (args) => {
    const { code, stdout } = await run(...args);
    expect(stdout).toMatch(/usage: quarterturn/);
    expect(code).toBe(0);
  },
);

test('quarterturn --version is that of the package', async () => {
  const { stdout } = await run('--version');
  expect(stdout).toBe(
    `${JSON.parse(await readFile(join(__dirname, '../../package.json'), 'utf8')).version}\n`,
  );
});

describe('quarterturn rehearse --secret', () => {
  let server: TestServer;
  let file: string;
  let count = 0;

  beforeAll(async () => {
    server = await startTestServer();
  });

  afterAll(() => server.stop());

  async function secretFile(more: object = {}): Promise<string> {
    const app = `own_${++count}`;
    await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
    file = join(temporary, 'secret.json');
    await writeFile(file, server.secret(app, FIRST, more));
    return app;
  }

  test('rehearses on that server, and in the end sets the first password again', async () => {
    const app = await secretFile({ note: 'kept' });
    const before = await server.verifierOf(app);
    const { code, stdout } = await run('rehearse', '--secret', file, '--yes', '--rotations', '2');
    expect(stdout).toContain(`user "${app}"`);
    expect(stdout).toContain('  yes  nothing secret was printed (searched for 3 values)\n');
    expect(stdout).toMatch(/the service has the first value again, and accepts it\n$/);
    expect(stdout).not.toContain(FIRST);
    expect(code).toBe(0);
    expect(await server.accepts(app, FIRST)).toBe(true);
    expect(await server.verifierOf(app)).not.toBe(before);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });

  test('has every value on disk, for its owner alone, before it is set; Ctrl-C sets the first one again', async () => {
    const app = await secretFile();
    const { child, output, end } = start(['rehearse', '--secret', file, '--yes', '--rotations', '1000']);
    await until(() => output.stdout.includes('rotation 3 '));
    const { mode } = await stat(`${file}.rehearsal`);
    const [pid, ...values] = (await readFile(`${file}.rehearsal`, 'utf8')).trimEnd().split('\n');
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 130 });
    expect(mode & 0o777).toBe(0o600);
    expect(pid).toBe(String(child.pid));
    expect(values.length).toBeGreaterThanOrEqual(3);
    expect(JSON.parse(JSON.parse(values[0]!)).password).toBe(FIRST);
    expect(await server.accepts(app, FIRST)).toBe(true);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });

  test('sets the first password again after a failure too', async () => {
    // The url makes createSecret refuse.
    const app = await secretFile({ url: `postgres://x:${FIRST}@host/` });
    const { code, stdout } = await run('rehearse', '--secret', file, '--yes');
    expect(stdout).toContain('ERR_STALE_FIELD');
    expect(stdout).toMatch(/the service has the first value again, and accepts it\n$/);
    expect(code).toBe(1);
    expect(await server.accepts(app, FIRST)).toBe(true);
  });

  test('after a crash, the next rehearsal first sets the first password again', async () => {
    const app = await secretFile();
    const { child, output, end } = start(['rehearse', '--secret', file, '--yes', '--rotations', '1000']);
    await until(() => output.stdout.includes('rotation 2 '));
    child.kill('SIGKILL');
    await end;
    expect(await readdir(temporary)).toContain('secret.json.rehearsal');
    const { code, stdout } = await run('rehearse', '--secret', file, '--yes');
    expect(stdout).toMatch(/is from an unfinished rehearsal: setting its first value again\n/);
    expect(code).toBe(0);
    expect(await server.accepts(app, FIRST)).toBe(true);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });

  test.each(['hunter2-hunter2', '', '["hunter2-hunter2"]'])(
    'with %j for a secret exits with 2, and quotes nothing of it',
    async (text) => {
      file = join(temporary, 'secret.json');
      await writeFile(file, text);
      const { code, stderr } = await run('rehearse', '--secret', file, '--yes');
      expect(stderr).toMatch(/^quarterturn: ".*secret\.json" is .*\n$/);
      expect(stderr).not.toContain('hunter2');
      expect(code).toBe(2);
    },
  );

  test('refuses while another rehearsal with the same secret is under way', async () => {
    const app = await secretFile();
    const first = start(['rehearse', '--secret', file, '--yes', '--rotations', '1000']);
    await until(() => first.output.stdout.includes('rotation 2 '));
    const { code, stderr } = await run('rehearse', '--secret', file, '--yes');
    expect(stderr).toContain(`another rehearsal with this secret is under way (process ${first.child.pid})`);
    expect(code).toBe(1);
    first.child.kill('SIGINT');
    expect(await first.end).toMatchObject({ code: 130 });
    expect(await server.accepts(app, FIRST)).toBe(true);
  });

  test('says so when the first password cannot be set again, after Ctrl-C too, and keeps the journal', async () => {
    const app = await secretFile();
    const { child, output, end } = start(['rehearse', '--secret', file, '--yes', '--rotations', '1000']);
    await until(() => output.stdout.includes('rotation 2 '));
    // Without LOGIN too: a session that is open already may still change the password.
    await server.sql(`ALTER ROLE "${app}" NOLOGIN PASSWORD 'changed-elsewhere-1'`);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await end;
    expect(stderr).toMatch(/the first value was NOT set again .*secret\.json\.rehearsal holds every value/);
    expect(stderr + stdout).not.toContain(FIRST);
    expect(code).toBe(1);
    expect(await readFile(`${file}.rehearsal`, 'utf8')).toContain(FIRST);
  });

  test('trusts the authorities of NODE_EXTRA_CA_CERTS, and without them says what to do', async () => {
    const encrypted = await startTestServer({ tls: true });
    await encrypted.sql(`CREATE ROLE app LOGIN PASSWORD '${FIRST}'`);
    file = join(temporary, 'secret.json');
    await writeFile(file, encrypted.secret('app', FIRST, { host: 'localhost', ssl: undefined }));
    const ca = join(__dirname, '../rotators/postgres/certificates/ca.pem');
    const args = ['rehearse', '--secret', file, '--yes'];
    const [untrusted, trusted] = [await run(...args), await start(args, { NODE_EXTRA_CA_CERTS: ca }).end];
    await encrypted.stop();
    expect(untrusted.stderr).toMatch(/has a certificate that is not trusted .*\nhint: .*NODE_EXTRA_CA_CERTS/);
    expect(untrusted.code).toBe(1);
    expect(trusted).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('yes  the service accepts the new value'),
    });
  });

  test.each(['', '4194999\n'])('a journal without a value, such as %j, holds nobody up', async (text) => {
    const app = await secretFile();
    await writeFile(`${file}.rehearsal`, text);
    expect(await run('rehearse', '--secret', file, '--yes')).toMatchObject({ code: 0 });
    expect(await server.accepts(app, FIRST)).toBe(true);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });

  test('quotes nothing of a journal that is none', async () => {
    await secretFile();
    await writeFile(`${file}.rehearsal`, '0\nhunter2-hunter2\n');
    const { code, stderr } = await run('rehearse', '--secret', file, '--yes');
    expect(stderr).toMatch(/is not the journal of a rehearsal: move it away\n$/);
    expect(code).toBe(1);
  });

  test.each([
    [
      'that the server refuses',
      (text: string) => text.replace(FIRST, 'wrong-password-9'),
      /the service refuses the value in this secret: nothing was changed/,
    ],
    ['without a host', (text: string) => text.replace('"host"', '"toast"'), /"host" is missing/],
  ])('with a secret %s changes nothing, and says so', async (_, change, problem) => {
    const app = await secretFile();
    const before = await server.verifierOf(app);
    await writeFile(file, change(await readFile(file, 'utf8')));
    const { code, stdout, stderr } = await run('rehearse', '--secret', file, '--yes');
    expect(stderr).toMatch(problem);
    expect(stderr + stdout).not.toMatch(/hunter2|wrong-password|first-password/);
    expect(code).toBe(1);
    expect(await server.verifierOf(app)).toBe(before);
    expect(await readdir(temporary)).toEqual(['secret.json']);
  });
});
