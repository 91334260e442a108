import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { StoredSecret } from '../../src/local/store/stored-secret.js';
import { LocalSecretsManager } from '../../src/testing/index.js';

/** A Monday. */
const NOW = new Date('2026-02-02T17:16:24Z');

/** A secret with a function that rotates it, or fails as long as `isBroken`. */
async function scheduled(RotationRules: RotationRulesType) {
  const secrets = new LocalSecretsManager({ standsAt: NOW });
  await secrets.createSecret({ Name: 's', SecretString: 'first' });
  const state = { isBroken: false, rotatedAt: [] as string[] };
  const RotationLambdaARN = secrets.addFunction('f', async ({ Step, SecretId, ClientRequestToken }) => {
    if (Step !== 'createSecret') return;
    if (state.isBroken) throw new Error('broken');
    state.rotatedAt.push(secrets.now.toISOString().slice(0, 13));
    // All of it in one step: what counts here is when.
    await secrets.putSecretValue({
      SecretId,
      ClientRequestToken,
      SecretString: ClientRequestToken,
      VersionStages: ['AWSCURRENT', 'AWSPENDING'],
    });
  });
  await secrets.rotateSecret({ SecretId: 's', RotationLambdaARN, RotationRules });
  await secrets.rotation('s').run();
  const next = async () => (await secrets.describeSecret({ SecretId: 's' })).NextRotationDate?.toISOString();
  return { secrets, state, next };
}

describe('NextRotationDate', () => {
  test.each<[RotationRulesType, string]>([
    [{ AutomaticallyAfterDays: 1 }, '2026-02-03T23:59:59'],
    [{ AutomaticallyAfterDays: 30 }, '2026-03-04T23:59:59'],
    [{ AutomaticallyAfterDays: 30, Duration: '2h' }, '2026-03-04T01:59:59'],
    [{ ScheduleExpression: 'rate(10 days)' }, '2026-02-12T23:59:59'],
    [{ ScheduleExpression: 'rate(1 day)' }, '2026-02-03T23:59:59'],
    [{ ScheduleExpression: 'rate(4 hours)' }, '2026-02-02T21:59:59'],
    [{ ScheduleExpression: 'rate(4 hours)', Duration: '3h' }, '2026-02-02T23:59:59'],
    [{ ScheduleExpression: 'rate(5 hours)', Duration: '5h' }, '2026-02-02T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 ? * MON-FRI *)' }, '2026-02-03T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 ? * TUE#1,6L *)' }, '2026-02-03T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 */10 * ? *)' }, '2026-02-11T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 29 FEB ? *)' }, '2028-02-29T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 * * ? *)' }, '2026-02-03T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 * * ? *)', Duration: '10h' }, '2026-02-03T17:59:59'],
    [{ ScheduleExpression: 'cron(0 18 ? * MON *)', Duration: '1h' }, '2026-02-02T18:59:59'],
    [{ ScheduleExpression: 'cron(0 8 ? * 1 *)' }, '2026-02-08T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 ? * SUNL *)' }, '2026-02-22T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 ? * 3#3 *)' }, '2026-02-17T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 L * ? *)' }, '2026-02-28T23:59:59'],
    [{ ScheduleExpression: 'cron(0 8 1,15 * ? *)' }, '2026-02-15T23:59:59'],
    [{ ScheduleExpression: 'cron(0 16 1 JAN/3 ? *)' }, '2026-04-01T23:59:59'],
    [{ ScheduleExpression: 'cron(0 /8 * * ? *)' }, '2026-02-03T00:59:59'],
    [{ ScheduleExpression: 'cron(0 2-10/4 * * ? *)', Duration: '2h' }, '2026-02-03T03:59:59'],
  ])('of %j', async (rules, expected) => {
    const { next } = await scheduled(rules);
    expect(await next()).toBe(`${expected}.000Z`);
  });

  test('is not there without rules, nor after CancelRotateSecret', async () => {
    const without = await scheduled({});
    expect(await without.next()).toBeUndefined();
    const cancelled = await scheduled({ AutomaticallyAfterDays: 1 });
    await cancelled.secrets.cancelRotateSecret({ SecretId: 's' });
    expect(await cancelled.next()).toBeUndefined();
  });

  test('of an expression comes with the days between two rotations', async () => {
    const { secrets } = await scheduled({ ScheduleExpression: 'rate(10 days)' });
    expect(await secrets.describeSecret({ SecretId: 's' })).toMatchObject({
      RotationRules: { ScheduleExpression: 'rate(10 days)', AutomaticallyAfterDays: 10 },
    });
    await secrets.rotateSecret({ SecretId: 's' });
    expect(await secrets.rotation('s').run()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is not moved by a failed rotation', async () => {
    const { secrets, state, next } = await scheduled({ AutomaticallyAfterDays: 1 });
    const before = await next();
    state.isBroken = true;
    await secrets.advanceTo(new Date('2026-02-04T12:00:00Z'));
    expect(await next()).toBe(before);
  });

  test('is moved by a value that becomes current, and by no other', async () => {
    const { secrets, next } = await scheduled({ AutomaticallyAfterDays: 10 });
    const before = await next();
    await secrets.advanceTo(new Date('2026-02-04T12:00:00Z'));
    await secrets.putSecretValue({ SecretId: 's', SecretString: 'kept', VersionStages: ['MINE'] });
    expect(await next()).toBe(before);
    await secrets.putSecretValue({ SecretId: 's', SecretString: 'by hand' });
    expect(await next()).toBe('2026-02-14T23:59:59.000Z');
  });
});

describe('RotationRules', () => {
  test.each<[RotationRulesType, string]>([
    [{ ScheduleExpression: 'every day' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'rate(3 weeks)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'rate(30 minutes)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 * * ?)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(30 8 * * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 * * ? 2026)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 * * * *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 ? * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 /3 * * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 1,23 * * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 25 * * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 30 FEB ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 ? * 8 *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 ? * MON,8 *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 ? * MON#L *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 ?,1 * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 15W * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 8 * ? ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'cron(0 0,21 28,1 * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'rate(3 hours)' }, 'Rate in hour should be least 4 and less than 24.'],
    [{ ScheduleExpression: 'rate(24 hours)' }, 'Rate in hour should be least 4 and less than 24.'],
    [{ ScheduleExpression: 'rate(0 days)' }, 'Rate in day should be greater than 0 and less than 1000.'],
    [{ ScheduleExpression: 'rate(1001 days)' }, 'Rate in day should be greater than 0 and less than 1000.'],
    [{ AutomaticallyAfterDays: 1, Duration: '25h' }, 'Duration must be at least 1 hour, at most 24 hour.'],
    [{ AutomaticallyAfterDays: 1, Duration: '0h' }, 'Duration must be at least 1 hour, at most 24 hour.'],
    [
      { ScheduleExpression: 'rate(4 hours)', Duration: '5h' },
      'Duration cannot be greater than Rate in hour.',
    ],
    [
      { ScheduleExpression: 'cron(0 0,4,8 * * ? *)', Duration: '6h' },
      'Duration cannot be greater than Rate in hour.',
    ],
    [
      { ScheduleExpression: 'cron(0 20 * * ? *)', Duration: '5h' },
      'Starting hour and duration must be within a day.',
    ],
  ])('refuse %j, and change nothing', async (RotationRules, message) => {
    const { secrets } = await scheduled({});
    const before = await secrets.describeSecret({ SecretId: 's' });
    await expect(secrets.rotateSecret({ SecretId: 's', RotationRules })).rejects.toMatchObject({
      message,
      $fault: 'client',
    });
    expect(await secrets.describeSecret({ SecretId: 's' })).toEqual(before);
  });
});

describe('advanceTo', () => {
  test('rotates at the opening of every window', async () => {
    const { secrets, state, next } = await scheduled({ ScheduleExpression: 'cron(0 8 * * ? *)' });
    const reports = await secrets.advanceTo(new Date('2026-02-05T07:59:59Z'));
    expect(reports.map(({ outcome }) => outcome)).toEqual(['succeeded', 'succeeded']);
    expect(state.rotatedAt).toEqual(['2026-02-02T17', '2026-02-03T08', '2026-02-04T08']);
    expect(secrets.now).toEqual(new Date('2026-02-05T07:59:59Z'));
    expect(await next()).toBe('2026-02-05T23:59:59.000Z');
  });

  test('starts a rotation over that failed, at the next window, with the same token', async () => {
    const { secrets, state } = await scheduled({ AutomaticallyAfterDays: 1 });
    state.isBroken = true;
    const failed = await secrets.advanceTo(new Date('2026-02-04T12:00:00Z'));
    expect(failed.map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    const { token } = secrets.rotation('s');
    state.isBroken = false;
    const reports = await secrets.advanceTo(new Date('2026-02-05T12:00:00Z'));
    expect(reports).toMatchObject([{ outcome: 'succeeded', steps: { length: 4 } }]);
    expect((await secrets.getSecretValue({ SecretId: 's' })).VersionId).toBe(token);
  });

  test('rotates at the next window although the last rotation was abandoned', async () => {
    const { secrets, state } = await scheduled({ AutomaticallyAfterDays: 5 });
    state.isBroken = true;
    await secrets.rotateSecret({ SecretId: 's' });
    await secrets.rotation('s').run();
    await secrets.putSecretValue({ SecretId: 's', SecretString: 'by hand' });
    state.isBroken = false;
    const reports = await secrets.advanceTo(new Date('2026-02-08T12:00:00Z'));
    expect(reports.map(({ outcome }) => outcome)).toEqual(['succeeded']);
    expect(state.rotatedAt.at(-1)).toBe('2026-02-07T00');
  });

  test('goes on although one secret cannot be rotated', async () => {
    const { secrets, state } = await scheduled({ AutomaticallyAfterDays: 1 });
    const RotationLambdaARN = secrets.addFunction('f2', () => {});
    await secrets.createSecret({ Name: 'stuck', SecretString: 'A' });
    const RotationRules = { AutomaticallyAfterDays: 1 };
    await secrets.rotateSecret({
      SecretId: 'stuck',
      RotationLambdaARN,
      RotationRules,
      RotateImmediately: false,
    });
    await secrets.rotation('stuck').run();
    await secrets.putSecretValue({ SecretId: 'stuck', SecretString: 'B', VersionStages: ['AWSPENDING'] });
    const reports = await secrets.advanceTo(new Date('2026-02-04T12:00:00Z'));
    expect(reports.map(({ secret, outcome }) => `${secret} ${outcome}`).sort()).toEqual([
      's succeeded',
      's succeeded',
      'stuck failed',
      'stuck failed',
    ]);
    expect(state.rotatedAt).toHaveLength(3);
    expect(secrets.events.at(-1)).toMatchObject({
      errorMessage: expect.stringMatching(/^A previous rotation isn't complete/),
    });
  });

  test('is called by one at a time, with a date', async () => {
    const { secrets } = await scheduled({ AutomaticallyAfterDays: 1 });
    const later = new Date('2026-02-04T12:00:00Z');
    await expect(secrets.advanceTo(new Date(Number.NaN))).rejects.toThrow(RangeError);
    const first = secrets.advanceTo(later);
    await expect(secrets.advanceTo(later)).rejects.toThrow('advanceTo() is already running: await it first');
    expect(await first).toHaveLength(2);
  });

  test('rotates several secrets in the order in which they are due', async () => {
    const { secrets } = await scheduled({ AutomaticallyAfterDays: 3 });
    await secrets.createSecret({ Name: 'sooner', SecretString: 'A' });
    const seen: string[] = [];
    const RotationLambdaARN = secrets.addFunction('f', ({ Step, SecretId }) => {
      if (Step === 'createSecret') seen.push(SecretId.split(':')[6] ?? '');
    });
    const RotationRules = { AutomaticallyAfterDays: 1 };
    await secrets.rotateSecret({ SecretId: 'sooner', RotationLambdaARN, RotationRules });
    await secrets.advanceTo(new Date('2026-02-05T12:00:00Z'));
    expect(seen.map((name) => name.replace(/-.{6}$/, ''))).toEqual(['sooner', 'sooner', 's', 'sooner']);
  });

  test('leaves alone what was cancelled or is marked for deletion', async () => {
    const cancelled = await scheduled({ AutomaticallyAfterDays: 1 });
    await cancelled.secrets.cancelRotateSecret({ SecretId: 's' });
    expect(await cancelled.secrets.advanceTo(new Date('2026-03-01T00:00:00Z'))).toEqual([]);
    const deleted = await scheduled({ AutomaticallyAfterDays: 1 });
    await deleted.secrets.deleteSecret({ SecretId: 's' });
    expect(await deleted.secrets.advanceTo(new Date('2026-02-20T00:00:00Z'))).toEqual([]);
  });

  test('rotates now what should have been rotated while nobody looked', async () => {
    const kept: StoredSecret[] = [];
    const archive = { secrets: [], keep: (secret: StoredSecret) => void kept.push(secret), forget: () => {} };
    const early = new LocalSecretsManager({ standsAt: NOW }, archive);
    await early.createSecret({ Name: 's', SecretString: 'A' });
    const RotationLambdaARN = early.addFunction('f', () => {});
    const RotationRules = { AutomaticallyAfterDays: 1 };
    await early.rotateSecret({ SecretId: 's', RotationLambdaARN, RotationRules, RotateImmediately: false });
    await early.rotation('s').run();
    const standsAt = new Date('2026-03-01T12:00:00Z');
    const late = new LocalSecretsManager({ standsAt }, { ...archive, secrets: kept.slice(-1) });
    const times: Date[] = [];
    late.addFunction('f', () => times.push(late.now));
    await late.advanceTo(new Date('2026-03-01T13:00:00Z'));
    expect(times[0]).toEqual(standsAt);
  });

  test('does not go back', async () => {
    const { secrets } = await scheduled({});
    await expect(secrets.advanceTo(new Date('2026-01-01T00:00:00Z'))).rejects.toThrow(
      'advanceTo() must not go back: it is 2026-02-02T17:16:24.000Z',
    );
  });

  test('sets a clock that runs, too', async () => {
    const secrets = new LocalSecretsManager();
    const later = new Date(Date.now() + 86_400_000);
    await secrets.advanceTo(later);
    expect(secrets.now.getTime()).toBeGreaterThanOrEqual(later.getTime());
    expect(secrets.now.getTime()).toBeLessThan(later.getTime() + 60_000);
  });
});
