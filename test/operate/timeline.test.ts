import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import { byUrgency, timelineOf } from '../../src/operate/timeline.js';

const NOW = new Date('2026-11-29T12:00:00Z');
const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/db-AbCdEf';

const ago = (ms: number) => new Date(NOW.getTime() - ms);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const LABELS = { v: ['AWSPREVIOUS'], c: ['AWSCURRENT'] };
const HEALTHY: DescribeSecretResponse = {
  ARN,
  Name: 'app/db',
  RotationEnabled: true,
  RotationLambdaARN: 'arn:aws:lambda:eu-west-1:123456789012:function:rotate',
  RotationRules: { AutomaticallyAfterDays: 30 },
  LastRotatedDate: ago(17 * DAY),
  NextRotationDate: ago(-13 * DAY),
  LastAccessedDate: ago(DAY),
  LastChangedDate: ago(17 * DAY),
  VersionIdsToStages: LABELS,
};
const PENDING = { ...LABELS, p: ['AWSPENDING'] };

function stateOf(changes: DescribeSecretResponse, pendingAgeMs?: number) {
  const versions =
    pendingAgeMs === undefined ? undefined : [{ VersionId: 'p', CreatedDate: ago(pendingAgeMs) }];
  const { state, isHealthy, pending } = timelineOf({ ...HEALTHY, ...changes }, versions, {
    now: NOW,
    stuckAfterMs: HOUR,
  });
  return { state, isHealthy, trouble: pending?.trouble };
}

describe('the state of a secret', () => {
  test.each([
    ['rotates by its schedule', {}, undefined, 'ok', true],
    ['has begun a rotation', { VersionIdsToStages: PENDING }, 5 * MINUTE, 'in-flight', true],
    [
      'has begun one longer ago than a function may run',
      { VersionIdsToStages: PENDING },
      16 * MINUTE,
      'in-flight',
      false,
    ],
    [
      'has a rotation that is not complete after an hour',
      { VersionIdsToStages: PENDING },
      61 * MINUTE,
      'stuck',
      false,
    ],
    [
      'has a version without a value, and was changed just now',
      { VersionIdsToStages: PENDING, LastChangedDate: ago(MINUTE) },
      undefined,
      'in-flight',
      true,
    ],
    [
      'has AWSPENDING and no date at all',
      { VersionIdsToStages: PENDING, LastChangedDate: undefined },
      undefined,
      'in-flight',
      true,
    ],
    [
      'has AWSPENDING and AWSCURRENT on one version',
      { VersionIdsToStages: { c: ['AWSCURRENT', 'AWSPENDING'] } },
      undefined,
      'ok',
      true,
    ],
    [
      'should have rotated a day and an hour ago',
      { NextRotationDate: ago(25 * HOUR) },
      undefined,
      'overdue',
      false,
    ],
    ['should have rotated an hour ago', { NextRotationDate: ago(HOUR) }, undefined, 'ok', true],
    ['rotates on demand', { RotationRules: undefined, NextRotationDate: undefined }, undefined, 'ok', true],
    [
      'has a replica that has failed',
      { ReplicationStatus: [{ Region: 'us-east-1', Status: 'Failed' as const }] },
      undefined,
      'unreplicated',
      false,
    ],
    ['is going to be deleted', { DeletedDate: NOW, VersionIdsToStages: PENDING }, 2 * HOUR, 'deleted', false],
    ['does not rotate', { RotationEnabled: false }, undefined, 'off', false],
    ['never has', { RotationEnabled: undefined, RotationLambdaARN: undefined }, undefined, 'off', false],
    ['is read by nobody', { LastAccessedDate: ago(91 * DAY) }, undefined, 'unused', false],
    [
      'was never read, and is young',
      { LastAccessedDate: undefined, CreatedDate: ago(DAY) },
      undefined,
      'ok',
      true,
    ],
    ['is a replica', { PrimaryRegion: 'us-east-1', RotationEnabled: undefined }, undefined, 'replica', true],
    ['is the primary of replicas', { PrimaryRegion: 'eu-west-1' }, undefined, 'ok', true],
    [
      'belongs to a service that does not rotate it',
      { OwningService: 'appflow', RotationEnabled: undefined },
      undefined,
      'managed',
      true,
    ],
    [
      'belongs to a service that is late with it',
      { OwningService: 'rds', NextRotationDate: ago(2 * DAY) },
      undefined,
      'overdue',
      false,
    ],
  ] as const)('that %s', (_, changes, pendingAgeMs, state, isHealthy) => {
    expect(stateOf(changes as DescribeSecretResponse, pendingAgeMs)).toMatchObject({ state, isHealthy });
  });

  test('is stuck at once where nothing will complete the rotation', () => {
    expect(stateOf({ VersionIdsToStages: PENDING, RotationEnabled: false }, MINUTE)).toEqual({
      ...{ state: 'stuck', isHealthy: false, trouble: 'rotation-off' },
    });
    const movedBack = { v: ['AWSPREVIOUS', 'AWSPENDING'], c: ['AWSCURRENT'] };
    expect(stateOf({ VersionIdsToStages: movedBack }, MINUTE)).toEqual({
      ...{ state: 'stuck', isHealthy: false, trouble: 'on-previous' },
    });
  });

  test('of an entry of ListSecrets is the same, with the other name of its labels', () => {
    const { VersionIdsToStages: _, ...entry } = HEALTHY;
    const list = { ...entry, SecretVersionsToStages: PENDING, LastChangedDate: ago(2 * HOUR) };
    const { state, versions } = timelineOf(list, undefined, { now: NOW, stuckAfterMs: HOUR });
    expect(state).toBe('stuck');
    expect(versions.map(({ labels }) => labels)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT'], ['AWSPENDING']]);
  });

  test('stands in a list by urgency, then by age, then by name', () => {
    const named = (Name: string, changes: DescribeSecretResponse) =>
      timelineOf({ ...HEALTHY, ...changes, Name }, undefined, { now: NOW, stuckAfterMs: HOUR });
    const list = [
      named('b-ok', {}),
      named('a-ok', {}),
      named('off', { RotationEnabled: false }),
      named('just-begun', { VersionIdsToStages: PENDING, LastChangedDate: ago(MINUTE) }),
      named('stuck', { VersionIdsToStages: PENDING, LastChangedDate: ago(2 * HOUR) }),
      named('longer-stuck', { VersionIdsToStages: PENDING, LastChangedDate: ago(3 * HOUR) }),
      named('overdue', { NextRotationDate: ago(2 * DAY) }),
    ];
    expect(list.toSorted(byUrgency).map(({ name }) => name)).toEqual([
      ...['longer-stuck', 'stuck', 'overdue', 'off', 'a-ok', 'b-ok', 'just-begun'],
    ]);
  });

  test.each([
    [{ AutomaticallyAfterDays: 30 }, '30 days'],
    [{ ScheduleExpression: 'rate(4 hours)' }, '4 hours'],
    [{ ScheduleExpression: 'rate(1 day)' }, 'day'],
    [{ ScheduleExpression: 'cron(0 8 1 * ? *)', AutomaticallyAfterDays: 31 }, 'cron(0 8 1 * ? *)'],
    [undefined, undefined],
  ])('its schedule %j is "%s"', (RotationRules, schedule) => {
    const { schedule: said } = timelineOf({ ...HEALTHY, RotationRules }, undefined, {
      now: NOW,
      stuckAfterMs: HOUR,
    });
    expect(said).toBe(schedule);
  });
});
