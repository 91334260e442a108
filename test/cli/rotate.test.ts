import { follow } from '../../src/cli/rotate/follow.js';
import { until } from '../support/command.js';
import { describeInstalled } from '../support/installed.js';
import { OperatorRig, standIn } from '../support/operator.js';
import { hasProgram } from '../support/programs.js';

let rig: OperatorRig;

beforeEach(async () => {
  rig = await OperatorRig.make();
  await rig.add('app/db');
});
afterEach(() => rig.end());

const started = () => rig.secrets.events.filter(({ eventName }) => eventName === 'RotationStarted').length;

describe('quarterturn rotate', () => {
  test('has Secrets Manager rotate the secret, and follows it to the end', async () => {
    await rig.schedule('app/db');
    const { NextRotationDate } = await rig.secrets.describeSecret({ SecretId: 'app/db' });
    const { code, stdout, stderr } = await rig.run('rotate', 'app/db', '--yes');
    const current = await rig.idOf('app/db', 'AWSCURRENT');
    expect(stdout).toMatch(new RegExp(`^app/db: rotated in \\d+ s; AWSCURRENT is ${current}\n$`));
    expect([code, stderr, started()]).toEqual([0, '', 1]);
    expect(await rig.idOf('app/db', 'AWSPREVIOUS')).toMatch(/^[0-9a-f]{8}$/);
    const after = await rig.secrets.describeSecret({ SecretId: 'app/db' });
    expect([after.RotationRules, after.NextRotationDate]).toEqual([
      { AutomaticallyAfterDays: 30 },
      NextRotationDate,
    ]);
  });

  test('with --json prints an object at the beginning and one at the end', async () => {
    await rig.schedule('app/db');
    const { code, stdout } = await rig.run('rotate', 'app/db', '--yes', '--json');
    const [begin, end, ...rest] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(begin).toEqual({
      ...{ type: 'begin', name: 'app/db', arn: expect.stringContaining(':secret:app/db-') },
      versionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(end).toEqual({ ...begin, type: 'end', outcome: 'rotated', durationMs: expect.any(Number) });
    expect([code, rest]).toEqual([0, []]);
  });

  test('with --no-wait ends as soon as the rotation has begun', async () => {
    await rig.schedule('app/db');
    let goOn = () => {};
    rig.setSecret = () => new Promise<void>((resolve) => (goOn = resolve));
    const { code, stdout } = await rig.run('rotate', 'app/db', '--yes', '--no-wait');
    expect(stdout).toBe('app/db: the rotation has started; quarterturn status app/db shows its progress\n');
    expect([code, started()]).toEqual([0, 1]);
    goOn();
    await rig.secrets.idle();
  });

  test('says what is left when the time is up, and what must not be done', async () => {
    await rig.schedule('app/db');
    rig.setSecret = () => {
      throw new Error('the server refuses it');
    };
    const { code, stdout, stderr } = await rig.run('rotate', 'app/db', '--yes', '--timeout', '3s');
    expect(stderr).toMatch(
      /^quarterturn: the rotation of app\/db is not complete after [34] s\nhint: .*quarterturn doctor app\/db finds out/,
    );
    expect(stderr).toContain('Do not remove AWSPENDING: it may hold the only password that works');
    expect([code, stdout]).toEqual([1, '']);
    // Nor does the next one begin another.
    const again = await rig.run('rotate', 'app/db', '--yes');
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(
        /^quarterturn: a rotation of app\/db is not complete, for \d+ s or more: no new one was begun\n/,
      ),
    });
    expect(started()).toBe(1);
  });

  test('does not turn on again what a person has turned off: nothing is called', async () => {
    await rig.schedule('app/db');
    await rig.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    const { code, stdout, stderr } = await rig.run('rotate', 'app/db', '--yes');
    expect(stderr).toMatch(
      /^quarterturn: rotation of app\/db is off: nothing was done\nhint: somebody turned it off: find out why first/,
    );
    expect([code, stdout, started()]).toEqual([1, '', 0]);
    const { RotationEnabled } = await rig.secrets.describeSecret({ SecretId: 'app/db' });
    expect(RotationEnabled).toBe(false);
  });

  test.each([
    ['has no rotation function', async () => {}, 'app/db has no rotation function: nothing was done'],
    [
      'is going to be deleted',
      async () => {
        await rig.schedule('app/db');
        await rig.secrets.deleteSecret({ SecretId: 'app/db' });
      },
      'app/db is marked for deletion: nothing was done',
    ],
  ])('refuses a secret that %s', async (_, arrange, message) => {
    await arrange();
    const { code, stdout, stderr } = await rig.run('rotate', 'app/db', '--yes');
    expect(stderr).toContain(`quarterturn: ${message}\nhint: `);
    expect([code, stdout, started()]).toEqual([1, '', 0]);
  });

  test('asks first, and without a terminal or --yes does nothing', async () => {
    await rig.schedule('app/db');
    expect(await rig.run('rotate', 'app/db')).toMatchObject({
      ...{ code: 2, stdout: '' },
      stderr:
        'quarterturn: this command asks before it changes anything, but there is no terminal: add --yes\n',
    });
    expect(started()).toBe(0);
  });

  test('finds out by the labels whether it has begun, when the answer was lost', async () => {
    await rig.schedule('app/db');
    const fault = rig.secrets.inject({ operation: 'RotateSecret', kind: 'dropped', when: 'after', times: 3 });
    const { code, stdout } = await rig.run('rotate', 'app/db', '--yes');
    expect(fault.hits).toBeGreaterThan(0);
    expect(stdout).toMatch(/^app\/db: rotated in \d+ s/);
    expect([code, started()]).toEqual([0, 1]);
  });

  test('waits through calls that fail: the rotation does not fail with them', async () => {
    await rig.schedule('app/db');
    // The first is the check before it begins.
    const fault = rig.secrets.inject({ operation: 'DescribeSecret', kind: 'internal', call: 2, times: 3 });
    // The function describes the secret in finishSecret, too: by then these are used up.
    rig.setSecret = () => until(() => fault.hits === 3);
    const { code, stdout } = await rig.run('rotate', 'app/db', '--yes');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^app\/db: rotated in \d+ s/)]);
  });

  test('at Ctrl-C stops waiting, says so, and lets the rotation go on', async () => {
    await rig.schedule('app/db');
    let goOn = () => {};
    rig.setSecret = () => new Promise<void>((resolve) => (goOn = resolve));
    const { child, end } = rig.command.start(['rotate', 'app/db', '--yes'], rig.env);
    await until(() => started() === 1);
    child.kill('SIGINT');
    expect(await end).toMatchObject({
      ...{ code: 130, stdout: '' },
      stderr: 'quarterturn: stopped waiting; the rotation of app/db goes on: quarterturn status app/db\n',
    });
    goOn();
    await rig.secrets.idle();
    expect(await rig.idOf('app/db', 'AWSPREVIOUS')).toMatch(/^[0-9a-f]{8}$/);
  });
});

describe('quarterturn rotate of a secret that is not to be rotated so', () => {
  const secret = {
    ARN: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf',
    Name: 'app/db',
    RotationEnabled: true,
    RotationLambdaARN: 'arn:aws:lambda:eu-west-1:123456789012:function:rotate',
    VersionIdsToStages: { one: ['AWSCURRENT'] },
  };

  test.each([
    [
      { PrimaryRegion: 'us-east-1' },
      'app/db is a replica',
      'rotate its primary: quarterturn rotate app/db --region us-east-1',
    ],
    [{ OwningService: 'rds' }, 'app/db is managed by rds', 'have that service rotate it'],
    [
      { Type: 'SalesforceClientSecret' },
      'app/db is a managed external secret',
      'Secrets Manager rotates it without a function',
    ],
  ])('refuses %j, and calls nothing but DescribeSecret', async (more, message, hint) => {
    const calls: string[] = [];
    const aws = await standIn((operation) => {
      calls.push(operation);
      return { answer: { ...secret, ...more } };
    });
    const { code, stdout, stderr } = await rig.runWith(
      { AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url },
      ...['rotate', 'app/db', '--yes'],
    );
    aws.close();
    expect(stderr).toContain(`quarterturn: ${message}: nothing was done\nhint: ${hint}`);
    expect([code, stdout, calls]).toEqual([1, '', ['DescribeSecret']]);
  });
});

describe('following a rotation', () => {
  /** Of which every look finds the next labels; the time goes by without anybody waiting. */
  const following = async (seen: readonly (readonly string[] | Error)[], RotationEnabled = true) => {
    let time = 0;
    const looks = [...seen];
    const waited: number[] = [];
    const outcome = await follow({
      describe: async () => {
        const labels = looks.length > 1 ? looks.shift() : looks[0];
        if (labels instanceof Error) throw labels;
        return { RotationEnabled, VersionIdsToStages: labels?.length ? { own: [...labels] } : {} };
      },
      ...{ versionId: 'own', timeoutMs: 900_000, signal: new AbortController().signal },
      wait: async (ms) => {
        waited.push(ms);
        time += ms;
      },
      now: () => time,
    });
    return { outcome, waited, time };
  };
  const pending = ['AWSPENDING'];

  test('looks after 2, 3, 5, 8, 13, 20 and then each 30 seconds, a fifth more or less, until the time is up', async () => {
    const { outcome, waited, time } = await following([pending]);
    for (const [look, seconds] of [2, 3, 5, 8, 13, 20, 30, 30, 30].entries()) {
      expect(waited[look]).toBeGreaterThanOrEqual(seconds * 800);
      expect(waited[look]).toBeLessThanOrEqual(seconds * 1200);
    }
    expect([outcome, time]).toEqual(['unfinished', 900_000]);
  });

  test('takes a version for abandoned when it has had no label for ten seconds, and not before', async () => {
    expect((await following([pending, [], [], [], []])).outcome).toBe('abandoned');
    // What DescribeSecret does not see yet is not lost.
    expect((await following([[], [], pending, [], ['AWSCURRENT']])).outcome).toBe('rotated');
  });

  test('says that another version is current by now, or that rotation was turned off', async () => {
    expect((await following([pending, ['AWSPREVIOUS']])).outcome).toBe('replaced');
    expect((await following([pending], false)).outcome).toBe('turned-off');
  });

  test('fails at the third look on end that fails', async () => {
    const no = new Error('no answer');
    expect((await following([no, no, pending, no, no, ['AWSCURRENT']])).outcome).toBe('rotated');
    await expect(following([pending, no])).rejects.toBe(no);
  });
});

test.each([
  [[], 'rotate takes a secret, by its name or ARN: quarterturn rotate --help shows how'],
  [['one', 'two'], 'rotate takes one secret, not 2'],
  [['app/db', '--timeout', '15'], '--timeout takes a time such as 90s or 15m, not "15"'],
  [['app/db', '--wait', '--no-wait'], '--wait and --no-wait exclude each other'],
])('quarterturn rotate %j exits with 2', async (args, message) => {
  const { code, stdout, stderr } = await rig.run('rotate', ...args);
  expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `quarterturn: ${message}\n` });
});

describeInstalled(hasProgram('script'), 'quarterturn rotate on a terminal', (test) => {
  test('names the secret, its Region and its account, and rotates after yes', async () => {
    await rig.schedule('app/db');
    const { end, type } = await rig.onTerminal('quarterturn rotate app/db');
    await type('y\n', '[y/N]');
    const { code, stdout } = await end;
    expect(stdout).toContain('rotate app/db (eu-west-1, account 123456789012) now? [y/N] ');
    expect(stdout).toMatch(/app\/db: rotated in \d+ s; AWSCURRENT is/);
    expect([code, started()]).toEqual([0, 1]);
  });

  test('after yes it is not begun if somebody has turned rotation off meanwhile', async () => {
    await rig.schedule('app/db');
    const { end, type } = await rig.onTerminal('quarterturn rotate app/db');
    await type('', '[y/N]');
    await rig.secrets.cancelRotateSecret({ SecretId: 'app/db' });
    await type('y\n', '[y/N]');
    const { code, stdout } = await end;
    expect(stdout).toContain('rotation of app/db is off: nothing was done');
    expect([code, started()]).toEqual([1, 0]);
    expect((await rig.secrets.describeSecret({ SecretId: 'app/db' })).RotationEnabled).toBe(false);
  });

  for (const [typed, code] of [
    ['n\n', 1],
    ['\n', 1],
    ['\u0003', 130],
  ] as const) {
    test(`after ${JSON.stringify(typed)} nothing was done`, async () => {
      await rig.schedule('app/db');
      const { end, type } = await rig.onTerminal('quarterturn rotate app/db');
      await type(typed, '[y/N]');
      expect(await end).toMatchObject({ code, stdout: expect.stringContaining('nothing was done') });
      expect(started()).toBe(0);
    });
  }
});
