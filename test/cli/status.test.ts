import { describeInstalled } from '../support/installed.js';
import { before, OperatorRig, VALUE } from '../support/operator.js';
import { hasProgram } from '../support/programs.js';

let rig: OperatorRig;

beforeEach(async () => {
  rig = await OperatorRig.make(47);
});
afterEach(() => rig.end());

/** Of three secrets one has been stuck for three hours, one does not rotate, and one is well. */
async function three(): Promise<void> {
  const { secrets } = rig;
  for (const name of ['app/api', 'app/db', 'app/static']) await rig.add(name, { team: 'payments' });
  await secrets.advanceTo(before(17));
  for (const name of ['app/api', 'app/db']) await rig.rotate(name);
  await secrets.advanceTo(before(3 / 24));
  await secrets.rotateSecret({ SecretId: 'app/db' });
  await secrets.rotation('app/db').runStep();
}

describe('quarterturn status of one secret', () => {
  test('shows its versions, since when, and what is next', async () => {
    await three();
    const { code, stdout, stderr } = await rig.run('status', 'app/db');
    const id = (label: string) => rig.idOf('app/db', label);
    const when = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC';
    expect(stdout).toMatch(
      new RegExp(
        [
          'app/db {2}eu-west-1 {2}rotate, every 30 days',
          ` {2}AWSPREVIOUS {2}${await id('AWSPREVIOUS')} {4}47 d`,
          ` {2}AWSCURRENT {3}${await id('AWSCURRENT')} {4}17 d`,
          ` {2}AWSPENDING {3}${await id('AWSPENDING')} {5}3 h {2}not AWSCURRENT: a rotation is not complete`,
          ` {2}last rotated {2}${when}, 17 d ago`,
          ` {2}next {10}by ${when}, in \\d+ d`,
          ' {2}STUCK for 3 h',
          ' {2}find out why {2}quarterturn doctor app/db\n$',
        ].join('\n'),
      ),
    );
    expect([code, stderr]).toEqual([0, '']);
  });

  test('with --json is one document, with whole ids and ISO dates', async () => {
    await three();
    const { code, stdout } = await rig.run('status', 'app/db', '--json');
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'app/db',
      arn: expect.stringMatching(/^arn:aws:secretsmanager:eu-west-1:/),
      state: 'stuck',
      isHealthy: false,
      versions: [
        { labels: ['AWSPREVIOUS'], versionId: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        { labels: ['AWSCURRENT'], createdDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) },
        { labels: ['AWSPENDING'] },
      ],
      lastRotatedDate: expect.stringMatching(/Z$/),
    });
    expect(code).toBe(0);
  });

  test('calls it in-flight while it is younger than --stuck-after', async () => {
    await three();
    const { code, stdout } = await rig.run('status', 'app/db', '--stuck-after', '4h', '--check');
    expect(stdout).toContain('  in-flight for 3 h\n');
    expect(code).toBe(1);
  });

  test('says that nothing will complete a rotation that was cancelled', async () => {
    await rig.add('app/db');
    await rig.begin('app/db');
    await rig.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    const { stdout } = await rig.run('status', 'app/db');
    expect(stdout).toMatch(/^app\/db {2}eu-west-1 {2}rotation is off$/m);
    expect(stdout).toMatch(/^ {2}STUCK for 47 d: rotation is off, so nothing will complete it$/m);
  });

  test('says that the next rotation should have been long ago', async () => {
    await rig.add('app/db');
    await rig.rotate('app/db');
    const { code, stdout } = await rig.run('status', 'app/db', '--check');
    expect(stdout).toMatch(/^ {2}OVERDUE: 1[67] d late\n {2}find out why {2}quarterturn doctor app\/db$/m);
    expect((await rig.run('status')).stdout).toMatch(/^overdue {2}app\/db {2}47 d ago {2}1[67] d late/m);
    expect(code).toBe(1);
  });

  test('says that a secret is going to be deleted', async () => {
    await rig.add('app/old');
    await rig.secrets.deleteSecret({ SecretId: 'app/old' });
    const { code, stdout } = await rig.run('status', 'app/old', '--check');
    expect(stdout).toMatch(/^ {2}deleted {7}\d{4}-.* UTC, unless it is restored$/m);
    expect(code).toBe(1);
  });

  test('names the connection in the command that it suggests', async () => {
    await three();
    const { ARN = '' } = await rig.secrets.describeSecret({ SecretId: 'app/db' });
    const { stdout } = await rig.runWith({ AWS_REGION: 'us-east-1' }, 'status', ARN);
    expect(stdout).toContain('quarterturn doctor app/db --region eu-west-1\n');
  });
});

describe('quarterturn status of many secrets', () => {
  test('is a table, the worst first, and a summary', async () => {
    await three();
    const { code, stdout } = await rig.run('status');
    expect(stdout.replaceAll('in 12 d', 'in 13 d')).toBe(
      [
        'STATE  SECRET      ROTATED   NEXT     PENDING  FUNCTION',
        'stuck  app/db      17 d ago  in 13 d  3 h      rotate',
        'off    app/static  never     -        -        -',
        'ok     app/api     17 d ago  in 13 d  -        rotate',
        '3 secrets: 1 stuck, 1 off, 1 ok\n',
      ].join('\n'),
    );
    expect(code).toBe(0);
  });

  test('on 40 columns is no wider, and names keep their end', async () => {
    await rig.add('a-team/with-a-very-long-name/and-a-service/db');
    await rig.rotate('a-team/with-a-very-long-name/and-a-service/db');
    const { stdout } = await rig.runWith({ COLUMNS: '40' }, 'status');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(40);
    expect(stdout).toMatch(/^\S+ +…\S+-service\/db /m);
    const wide = await rig.runWith({ COLUMNS: '40' }, 'status', '--wide');
    expect(wide.stdout).toContain('a-team/with-a-very-long-name/and-a-service/db');
  });

  test('--check exits with 1 unless each is ok, and so it does for none', async () => {
    await rig.add('app/api', { team: 'payments' });
    await rig.secrets.advanceTo(before(1));
    await rig.rotate('app/api');
    expect((await rig.run('status', '--tag', 'team=payments', '--check')).code).toBe(0);
    const none = await rig.run('status', '--tag', 'team=nobody', '--check');
    expect(none).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'quarterturn: this Region has no secret with these tags\n',
    });
    await rig.add('app/static', { team: 'payments' });
    expect((await rig.run('status', '--tag', 'team=payments', '--check')).code).toBe(1);
  });

  test('--tag takes the pair exactly, where the filters of AWS match by the beginning', async () => {
    await rig.add('right', { leaked: '2026', team: 'a' });
    await rig.add('longer-key', { leaked2: '2026' });
    await rig.add('longer-value', { leaked: '2026-11' });
    await rig.add('of-two-tags', { leaked: 'no', other: '2026' });
    await rig.add('other-team', { leaked: '2026', team: 'b' });
    const { stdout } = await rig.run('status', '--tag', 'leaked=2026', '--tag', 'team=a', '--json');
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ type, name }) => [type, name])).toEqual([
      ['secret', 'right'],
      ['end', undefined],
    ]);
    expect(lines.at(-1)).toEqual({ type: 'end', secrets: 1, unseen: 0, states: { off: 1 } });
  });

  test('--tag whose value begins with ! is that value, where a filter would be turned round', async () => {
    await rig.add('right', { team: '!a', other: 'a-word' });
    await rig.add('wrong', { team: 'b' });
    const { stdout } = await rig.run('status', '--tag', 'team=!a');
    expect(stdout).toContain('right');
    expect(stdout).not.toContain('wrong');
  });

  test('goes through all pages, and makes one row of those that are ok', async () => {
    await rig.secrets.advanceTo(before(1));
    for (let number = 100; number < 205; number++) await rig.add(`app/${number}`);
    for (let number = 100; number < 112; number++) await rig.rotate(`app/${number}`);
    const { stdout } = await rig.run('status');
    expect(stdout).toContain('\n105 secrets: 93 off, 12 ok\n'.slice(1));
    expect(stdout).toMatch(/^ok +app\/100 \(and 11 more; --all\)/m);
    expect((await rig.run('status', '--all')).stdout).toMatch(/^ok +app\/111 /m);
  });

  test('of a list asks for the list alone, of one secret for what it is and how old its versions are, and for no value', async () => {
    await three();
    rig.calls.length = 0;
    await rig.run('status');
    expect(rig.calls).toEqual(['ListSecrets']);
    rig.calls.length = 0;
    await rig.run('status', 'app/db');
    expect(rig.calls).toEqual(['DescribeSecret', 'ListSecretVersionIds']);
  });

  test('--fresh describes each, where a list may be old', async () => {
    await three();
    const { stdout } = await rig.run('status', '--fresh', '--tag', 'team=payments');
    expect(stdout).toContain('3 secrets: 1 stuck, 1 off, 1 ok\n');
  });

  test('takes a list on stdin; what cannot be looked at is said, and the others are shown', async () => {
    await three();
    const { end } = await rig.shell(
      "printf 'app/api\\r\\n\\napp/none\\napp/api\\n' | quarterturn status - app/static",
    );
    const { code, stdout, stderr } = await end;
    expect(stdout).toContain('2 secrets: 1 off, 1 ok\n');
    expect(stderr).toBe(
      'quarterturn: DescribeSecret of app/none found no such secret in eu-west-1\n' +
        'hint: check the name, --region and --profile. For a secret of another account or Region, give its ARN\n',
    );
    expect(code).toBe(1);
  });

  test('quotes nothing of a list that is none: it may be a value', async () => {
    const { end } = await rig.shell(`printf 'app/api\\n{"password":"${VALUE}"}\\n' | quarterturn status -`);
    expect(await end).toMatchObject({
      ...{ code: 2, stdout: '' },
      stderr: 'quarterturn: line 2 of stdin is neither the name nor the ARN of a secret\n',
    });
  });
});

test.each([
  [['-'], '- reads secrets from stdin, one per line, but stdin is empty'],
  [['--tag', 'team'], '--tag takes <key>=<value>, not "team"'],
  [['--tag', 'a=b', 'app/db'], 'status takes secrets or --tag, not both'],
  [['--stuck-after', 'long'], '--stuck-after takes a time such as 15m or 1h, not "long"'],
  [['--watch'], '--watch needs a terminal; without one, run status repeatedly'],
  [['a b'], '"a b" is neither the name nor the ARN of a secret'],
  [['arn:aws:lambda:eu-west-1:123456789012:function:x'], 'is neither the name nor the ARN of a secret'],
  [['app/db', '--region', 'Ireland'], '--region takes a Region such as eu-west-1, not "Ireland"'],
  [
    ['arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf', '--region', 'eu-west-1'],
    '--region is eu-west-1, but arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf is in us-east-1: leave out --region',
  ],
  [['--endpoint-url', 'localhost:4580'], '--endpoint-url takes a URL that begins with https:// or http://'],
  [['--endpoint-url', `http://me:${VALUE}@localhost`], '--endpoint-url must not contain a password'],
])('quarterturn status %j exits with 2', async (args, message) => {
  const { code, stdout, stderr } = await rig.run('status', ...args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringContaining(message) });
  expect(stderr.match(/\n/g)).toHaveLength(1);
});

test('with --json an error is an object on stdout, too', async () => {
  const { code, stdout, stderr } = await rig.run('status', '--watch', '--json');
  const message = '--watch and --json exclude each other';
  expect(JSON.parse(stdout)).toEqual({ type: 'error', code: 'ERR_USAGE', message });
  expect([code, stderr]).toEqual([2, `quarterturn: ${message}\n`]);
});

describeInstalled(hasProgram('script'), 'quarterturn status --watch', (test) => {
  test('shows the secret again, and ends at Ctrl-C with 130', async () => {
    await rig.add('app/db');
    await rig.rotate('app/db');
    const { end, type } = await rig.onTerminal('quarterturn status app/db --watch');
    await type('\u0003', 'last rotated');
    expect(await end).toMatchObject({ code: 130, stdout: expect.stringContaining('app/db  eu-west-1') });
  });
});
