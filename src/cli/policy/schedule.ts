import { assertRules, nextWindow } from '../../local/store/schedule.js';
import type { RotatorNeeds } from '../../permissions.js';
import { UsageError } from '../usage-error.js';

const DAY_MS = 86_400_000;
/** The number of windows to look at: eight years of months. */
const LOOKS = 100;

/**
 * Checks a schedule.
 *
 * @throws UsageError
 */
export function readSchedule(expression: string | undefined): string | undefined {
  if (expression === undefined) return undefined;
  try {
    assertRules({ ScheduleExpression: expression });
  } catch (error) {
    const reason = error instanceof Error ? `: ${error.message}` : '';
    throw new UsageError(
      `--schedule takes rate(30 days) or cron(0 8 1 * ? *), not ${JSON.stringify(expression)}${reason}`,
    );
  }
  return expression;
}

/**
 * Checks the lifetime of new keys, in days.
 *
 * @throws UsageError
 */
export function readLifetime(
  value: string | undefined,
  rotator: string,
  { lifetime, environment }: RotatorNeeds,
): number | undefined {
  if (value === undefined) return undefined;
  if (lifetime === undefined) {
    const where = environment.includes('API_KEY_SPEC')
      ? 'the spec says when keys expire'
      : 'its keys do not expire';
    throw new UsageError(`${rotator} does not take --lifetime-days: ${where}`);
  }
  const days = /^\d+$/.test(value) ? Number(value) : 0;
  if (days >= 1 && days <= lifetime.mostDays) return days;
  throw new UsageError(
    `--lifetime-days takes a whole number from 1 to ${lifetime.mostDays} for ${rotator}, not ${value}`,
  );
}

/**
 * Refuses keys that expire before the second rotation after their own: until then they are in use.
 *
 * @throws UsageError
 */
export function assertOutlives(
  rotator: string,
  { lifetime }: RotatorNeeds,
  { schedule, days }: { readonly schedule: string | undefined; readonly days: number | undefined },
): void {
  const lives = days ?? lifetime?.defaultDays;
  if (schedule === undefined || lives === undefined) return;
  const needed = daysOfTwoRotations(schedule);
  if (lives >= needed) return;
  const isPossible = lifetime !== undefined && needed <= lifetime.mostDays;
  const remedy = isPossible ? `give --lifetime-days ${Math.ceil(needed)} or more, or rotate` : 'rotate';
  throw new UsageError(
    `keys of ${rotator} expire after ${lives} days${days === undefined ? ' by default' : ''}, but two rotations with ${schedule} ` +
      `take up to ${Number(needed.toFixed(1))} days: ${remedy} more often`,
  );
}

/** Returns the longest time from one rotation to the second after it. */
function daysOfTwoRotations(expression: string): number {
  const opens = [new Date('2026-01-01T00:00:00Z')];
  for (let look = 0; look < LOOKS; look++) {
    const window = nextWindow({ ScheduleExpression: expression }, opens.at(-1) ?? new Date(0));
    if (window) opens.push(window.opens);
  }
  // With a cron expression, the first date is not a rotation.
  const starts = opens.slice(1).map((date) => date.getTime() / DAY_MS);
  return Math.max(...starts.slice(2).map((start, index) => start - (starts[index] ?? start)));
}
