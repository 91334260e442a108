import { setTimeout as sleep } from 'node:timers/promises';
import type { DescribeSecretResponse } from '@aws-sdk/client-secrets-manager';
import type { StepContext } from '../rotator.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Limit of the look at the schedule, which a rotation can do without. */
const LOOK_MS = 2000;

/**
 * Warns if a new key expires before the rotation after the next begins. The key is AWSCURRENT until the next rotation, and
 * AWSPREVIOUS, also in use, until the one after it.
 *
 * It never fails a rotation: without the new key, AWSCURRENT would expire even sooner. It does not warn if the schedule is
 * unknown: if the secret has no schedule, or DescribeSecret failed.
 *
 * @param lifetimeOption name of what sets the lifetime of keys
 */
export async function warnOfEarlyEnd(
  expiresAt: Date,
  context: StepContext,
  lifetimeOption = 'see the documentation of the provider',
): Promise<void> {
  if (Number.isNaN(expiresAt.getTime())) {
    context.warn('the expiry of the new key is unreadable: check yourself that it outlives two rotations');
    return;
  }
  const schedule = scheduleIn(await description(context));
  if (!schedule) return;
  const { text, rotationAt, days } = schedule;
  if (expiresAt >= rotationAt(2)) return;
  const end = `the new key expires at ${expiresAt.toISOString()}, before`;
  const early =
    expiresAt <= rotationAt(1)
      ? `${end} the next rotation begins (${text}): the provider then refuses applications and the rotation itself`
      : `${end} the rotation after the next begins (${text}): AWSPREVIOUS then holds a dead key for a while`;
  const remedy = `make keys that live for at least ${2 * days} days (${lifetimeOption}), or rotate more often`;
  context.warn(`${early}; ${remedy}`, 'keyEndsEarly');
}

async function description(context: StepContext): Promise<DescribeSecretResponse | undefined> {
  const answered = new AbortController();
  const { signal } = answered;
  try {
    return await Promise.race([
      context.describeSecret(context.secretId),
      sleep(Math.min(LOOK_MS, context.leftMs / 4), undefined, { signal }),
    ]);
  } catch {
    return undefined;
  } finally {
    answered.abort();
  }
}

interface Schedule {
  /** As the owner wrote it. */
  readonly text: string;
  /** The days from one rotation to the next. */
  readonly days: number;
  /** When the next rotation may begin (1), or the one after it (2). */
  readonly rotationAt: (count: 1 | 2) => Date;
}

/**
 * Returns the schedule, counted from this rotation, as Secrets Manager does. A schedule in days opens its windows at midnight
 * UTC. For a cron expression, Secrets Manager derives AutomaticallyAfterDays. NextRotationDate may still be the end of this
 * rotation's own window, so it counts only if it is on a later day.
 */
function scheduleIn({
  RotationRules: rules = {},
  NextRotationDate: next,
}: DescribeSecretResponse = {}): Schedule | undefined {
  const { ScheduleExpression: expression, AutomaticallyAfterDays: rulesDays } = rules;
  const now = Date.now();
  const today = Math.floor(now / DAY_MS);
  const [, count, unit] = /^rate\((\d+) (hour|day)s?\)$/.exec(expression ?? '') ?? [];
  const isHourly = unit === 'hour';
  const untilNext = next === undefined ? 0 : Math.floor(next.getTime() / DAY_MS) - today;
  const interval = Number(count ?? rulesDays ?? untilNext);
  if (!(interval > 0)) return undefined;
  return {
    text: expression ?? `every ${interval} days`,
    days: isHourly ? interval / 24 : interval,
    rotationAt: (rotations) =>
      new Date(isHourly ? now + rotations * interval * HOUR_MS : (today + rotations * interval) * DAY_MS),
  };
}
