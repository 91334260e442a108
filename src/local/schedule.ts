import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import { Cron } from 'croner';
import * as refusals from './refusals.js';

/** A rotation window: Secrets Manager rotates at any time in it. */
export interface Window {
  readonly opens: Date;
  readonly closes: Date;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEAST_HOURS = 4;

/** Rules as they are computed with. All times are in UTC, and windows open on the hour. */
interface Schedule {
  readonly opensAfter: (date: Date) => Date;
  readonly isHourly: boolean;
  readonly durationHours: number | undefined;
}

/**
 * Checks rotation rules.
 *
 * @throws InvalidParameterException
 */
export function assertRules(rules: RotationRulesType): void {
  scheduleOf(rules);
}

/**
 * The first window that opens after `last`: the last rotation, or the last change of the value by hand. Undefined if
 * the rules have no schedule.
 */
export function nextWindow(rules: RotationRulesType | undefined, last: Date): Window | undefined {
  const schedule = rules && scheduleOf(rules);
  if (!schedule) return undefined;
  const opens = schedule.opensAfter(last);
  const hours = schedule.durationHours ?? (schedule.isHourly ? 1 : 24 - opens.getUTCHours());
  return { opens, closes: new Date(opens.getTime() + hours * HOUR_MS) };
}

/** What DescribeSecret shows as NextRotationDate: the window's last second. */
export function nextRotationDate({ closes }: Window): Date {
  return new Date(closes.getTime() - 1000);
}

/** What DescribeSecret adds to rules with an expression: the days between two rotations. Assumed: that it rounds up. */
export function daysBetween(last: Date, { opens }: Window): number {
  return Math.max(1, Math.ceil((opens.getTime() - midnight(last).getTime()) / DAY_MS));
}

function scheduleOf(rules: RotationRulesType): Schedule | undefined {
  const { AutomaticallyAfterDays: days, ScheduleExpression: expression, Duration } = rules;
  if (days !== undefined && expression !== undefined) {
    throw refusals.invalidRules(
      'You cannot specify both rotation frequency and schedule expression together.',
    );
  }
  const durationHours = Duration === undefined ? undefined : Number.parseInt(Duration, 10);
  if (durationHours !== undefined && (durationHours < 1 || durationHours > 24)) {
    throw refusals.invalidRules('Duration must be at least 1 hour, at most 24 hour.');
  }
  if (days !== undefined) return everyDays(days, durationHours);
  if (expression === undefined) return undefined;
  const rate = /^rate\((\d+) (hours?|days?)\)$/.exec(expression);
  if (rate) return rateOf(Number(rate[1]), rate[2]?.startsWith('hour') === true, durationHours);
  const cron = /^cron\(0 (\S+) (\S+) (\S+) (\S+) \*\)$/.exec(expression);
  if (cron) return cronOf(cron.slice(1), durationHours);
  throw refusals.invalidRules('Invalid schedule expression.');
}

function rateOf(count: number, isHourly: boolean, durationHours: number | undefined): Schedule {
  if (!isHourly) {
    if (count < 1 || count > 1000) {
      throw refusals.invalidRules('Rate in day should be greater than 0 and less than 1000.');
    }
    return everyDays(count, durationHours);
  }
  if (count < LEAST_HOURS || count >= 24) {
    throw refusals.invalidRules('Rate in hour should be least 4 and less than 24.');
  }
  if ((durationHours ?? 1) > count)
    throw refusals.invalidRules('Duration cannot be greater than Rate in hour.');
  // Assumed: from the hour of the last rotation.
  const opensAfter = (date: Date) => new Date(Math.floor(date.getTime() / HOUR_MS + count) * HOUR_MS);
  return { opensAfter, isHourly, durationHours };
}

function everyDays(days: number, durationHours: number | undefined): Schedule {
  const opensAfter = (date: Date) => new Date(midnight(date).getTime() + days * DAY_MS);
  return { opensAfter, isHourly: false, durationHours };
}

/** The fields that may vary: hours, days of the month, months, days of the week (1 is Sunday). */
function cronOf(fields: readonly string[], durationHours: number | undefined): Schedule {
  const [hours = '', days = '', months = '', weekdays = ''] = fields;
  const isValid = (days === '?') !== (weekdays === '?') && !/[?LW#]/.test(`${hours}${months}`);
  const cron =
    isValid && !/W/.test(days) ? parseCron(`0 ${hours} ${any(days)} ${months} ${any(weekdays)}`) : null;
  const starts = cron?.nextRuns(50, new Date('2024-01-01T00:00:00Z')) ?? [];
  if (!cron || starts.length === 0 || starts.some((start, index) => isTooDense(start, starts[index + 1]))) {
    throw refusals.invalidRules('Invalid schedule expression.');
  }
  const isHourly = !/^\d+$/.test(hours);
  if (durationHours !== undefined && starts.some((start) => start.getUTCHours() + durationHours > 24)) {
    throw refusals.invalidRules('Starting hour and duration must be within a day.');
  }
  const opensAfter = (date: Date) => cron.nextRun(date) ?? new Date(8.64e15);
  return { opensAfter, isHourly, durationHours };
}

function parseCron(pattern: string): Cron | null {
  try {
    const options = { mode: '5-part', alternativeWeekdays: true, sloppyRanges: true, utcOffset: 0 } as const;
    return new Cron(pattern, { ...options, paused: true });
  } catch {
    return null;
  }
}

function any(field: string): string {
  return field === '?' ? '*' : field;
}

function isTooDense(start: Date, next: Date | undefined): boolean {
  return next !== undefined && next.getTime() - start.getTime() < LEAST_HOURS * HOUR_MS;
}

function midnight(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS);
}
