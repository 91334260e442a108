import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import { type LogEntry as Logged, logMetric } from '../../src/engine/log.js';
import { serviceError } from '../support/faulty-client.js';
import { freezeDate } from '../support/frozen-date.js';
import { KeyProvider } from '../support/key-provider.js';
import { keyRig } from '../support/key-rig.js';

const NOW = '2026-01-10T15:00:00.000Z';

beforeEach(() => freezeDate(NOW));
afterEach(() => jest.useRealTimers());

/** A provider whose keys end at a time. */
async function rigged(end: string | undefined, parts: Parameters<typeof keyRig>[1] = {}) {
  let ticks = 0;
  const provider = new KeyProvider({ now: () => Date.parse(NOW) + ++ticks });
  const expiresAt = end === undefined ? undefined : new Date(end);
  const list = () => provider.list().map((key) => ({ ...key, expiresAt }));
  return { provider, ...(await keyRig(provider, { list, ...parts })) };
}

type Rigged = Awaited<ReturnType<typeof rigged>>;

const RATE_30: RotationRulesType = { ScheduleExpression: 'rate(30 days)' };
const looks = ({ client }: Rigged) =>
  client.calls.filter(({ operation }) => operation === 'describeSecret').length;
const counted = ({ log }: Rigged) => log.flatMap(({ step, keyEndsEarly }) => (keyEndsEarly ? [step] : []));

describe('a new key that ends by itself', () => {
  test.each<[string, RotationRulesType, string]>([
    ['30 days', RATE_30, '2026-03-10T23:59:59Z'],
    ['30 days, as a number', { AutomaticallyAfterDays: 30 }, '2026-03-10T23:59:59Z'],
    ['12 hours', { ScheduleExpression: 'rate(12 hours)' }, '2026-01-11T14:59:59Z'],
    // The next one is on February 1. Secrets Manager makes 23 days of it, and twice that is counted.
    ['each month', { ScheduleExpression: 'cron(0 8 1 * ? *)' }, '2026-02-24T23:59:59Z'],
  ])('before the rotation after the next, %s apart, is a warning and a metric', async (_, rules, end) => {
    const rig = await rigged(end);
    expect(await rig.rotate({ RotationRules: rules })).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toEqual([
      expect.stringMatching(
        /^the new key expires at 2026-\S+Z, before the rotation after the next begins \(/,
      ),
    ]);
    expect(counted(rig)).toEqual(['finishSecret']);
  });

  test.each<[string, RotationRulesType, string]>([
    ['30 days', RATE_30, '2026-03-11T00:00:00Z'],
    ['30 days, as a number', { AutomaticallyAfterDays: 30 }, '2026-03-11T00:00:00Z'],
    ['12 hours', { ScheduleExpression: 'rate(12 hours)' }, '2026-01-11T15:00:01Z'],
    ['each month', { ScheduleExpression: 'cron(0 8 1 * ? *)' }, '2026-02-25T00:00:00Z'],
  ])('not before the rotation after the next, %s apart, is neither', async (_, rules, end) => {
    const rig = await rigged(end);
    await rig.rotate({ RotationRules: rules });
    expect(rig.warnings()).toEqual([]);
    expect(counted(rig)).toEqual([]);
  });

  test('before the next rotation has a warning of its own', async () => {
    const rig = await rigged('2026-02-09T00:00:00Z', { lifetimeOption: 'the option days' });
    await rig.rotate({ RotationRules: RATE_30 });
    expect(rig.warnings()).toEqual([
      'the new key expires at 2026-02-09T00:00:00.000Z, before the next rotation begins (rate(30 days)): the provider ' +
        'then refuses applications and the rotation itself; make keys that live for at least 60 days (the option days), or ' +
        'rotate more often',
    ]);
  });

  test('is not warned of where there is no schedule', async () => {
    const rig = await rigged('2026-01-11T00:00:00Z');
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toEqual([]);
    expect(counted(rig)).toEqual([]);
  });

  test.each([
    ['tells how long it is to the next rotation', '2026-02-09T23:59:59Z', 1],
    ['counts for nothing on the day of this rotation', '2026-01-10T23:59:59Z', 0],
  ])('NextRotationDate, where Secrets Manager shows no number of days, %s', async (_, next, times) => {
    const rig = await rigged('2026-03-10T00:00:00Z');
    const { describeSecret } = rig.client;
    rig.client.describeSecret = async (input) => ({
      ...(await describeSecret(input)),
      RotationRules: { ScheduleExpression: 'cron(0 8 9 2 ? *)' },
      NextRotationDate: new Date(next),
    });
    expect(await rig.rotate({ RotationRules: RATE_30 })).toMatchObject({ outcome: 'succeeded' });
    expect(counted(rig)).toHaveLength(times);
  });

  test('costs one call more, and a key without an end none', async () => {
    const [ending, endless] = [await rigged('2027-01-01T00:00:00Z'), await rigged(undefined)];
    for (const rig of [ending, endless]) await rig.rotate({ RotationRules: RATE_30 });
    expect(looks(ending) - looks(endless)).toBe(1);
    expect(ending.client.writes()).toHaveLength(endless.client.writes().length);
  });

  test('is AWSPENDING’s: that the others end soon is no warning', async () => {
    const provider = new KeyProvider();
    const soon = new Date('2026-01-11T00:00:00Z');
    const rig = await keyRig(provider, {
      list: () => provider.list().map((key) => ({ ...key, ...(key.id === 'id-1' && { expiresAt: soon }) })),
    });
    await rig.rotate({ RotationRules: RATE_30 });
    expect(await rig.holds('AWSCURRENT')).toBe('id-2');
    expect(rig.warnings()).toEqual([]);
  });

  test('whose end cannot be read is a warning, and the rotation goes on', async () => {
    const rig = await rigged('in 90 days');
    expect(await rig.rotate({ RotationRules: RATE_30 })).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toEqual([
      'the expiry of the new key is unreadable: check yourself that it outlives two rotations',
    ]);
    expect(counted(rig)).toEqual([]);
  });
});

describe('the look at the schedule', () => {
  /** Fails or stalls the DescribeSecret that comes last in finishSecret. */
  const third = () => {
    let seen = 0;
    return () => ++seen === 3;
  };

  test('that fails does not fail the rotation', async () => {
    const rig = await rigged('2026-01-11T00:00:00Z');
    await rig.begin({ RotationRules: RATE_30 });
    for (const step of ['createSecret', 'setSecret', 'testSecret'] as const) await rig.deliver(step);
    rig.client.fail('describeSecret', serviceError('ThrottlingException'), { matches: third() });
    await rig.deliver('finishSecret');
    expect(await rig.holds('AWSCURRENT')).toBe('id-2');
    expect(rig.warnings()).toEqual([]);
  });

  test('that is not answered is given up after two seconds', async () => {
    const rig = await rigged('2026-01-11T00:00:00Z');
    await rig.begin({ RotationRules: RATE_30 });
    for (const step of ['createSecret', 'setSecret', 'testSecret'] as const) await rig.deliver(step);
    const isThird = third();
    const { describeSecret } = rig.client;
    rig.client.describeSecret = (input) => (isThird() ? new Promise(() => {}) : describeSecret(input));
    await rig.deliver('finishSecret');
    expect(await rig.holds('AWSCURRENT')).toBe('id-2');
    // Of thirty that the step has.
    expect(rig.log.at(-1)!.durationMs).toBeLessThan(15_000);
    expect(rig.warnings()).toEqual([]);
  });
});

describe('the line of JSON', () => {
  const entry: Logged = {
    rotator: 'keys',
    step: 'finishSecret',
    secretId: 'arn',
    versionId: 'token',
    outcome: 'promoted',
    durationMs: 7,
  };
  const written = (logged: Logged) => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    logMetric(logged);
    const line = String(write.mock.calls[0]?.[0]);
    write.mockRestore();
    return JSON.parse(line);
  };
  const metrics = (logged: Logged) => written(logged)._aws.CloudWatchMetrics[0].Metrics;

  test('counts a key that ends early as a metric', () => {
    const logged = { ...entry, keyEndsEarly: 1 } as const;
    expect(written(logged)).toMatchObject({ keyEndsEarly: 1 });
    expect(metrics(logged)).toContainEqual({ Name: 'keyEndsEarly', Unit: 'Count' });
  });

  test('has no such metric otherwise', () => {
    expect(metrics(entry).map(({ Name }: { Name: string }) => Name)).toEqual(['durationMs', 'failed']);
  });
});

test('a rotator cannot make up a metric, since its name could hold a value', async () => {
  const rig = await rigged(undefined, {
    issuesWithItsOwnKey: () => true,
    probe: (_, { warn }) => {
      warn('odd', 'the key with the number 2' as never);
      return 'accepted';
    },
  });
  await rig.rotate();
  expect(rig.warnings()).toEqual(['odd']);
  expect(JSON.stringify(rig.log)).not.toContain('the key with');
});
