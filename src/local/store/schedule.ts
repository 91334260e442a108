import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import { Cron } from 'croner';
import * as refusals from '../api/refusals.js';

/** A rotation window. Secrets Manager may rotate at any time in it. */
export interface RotationWindow {
  readonly opens: Date;
  readonly closes: Date;
  /** Days between the last rotation and this one, if the rules have a ScheduleExpression. */
  readonly days?: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LEAST_HOURS = 4;
/** The latest Date. */
const MOST_MS = 8.64e15;

/** Parsed rules. All times are in UTC, and windows open on the hour. */
interface Schedule {
  readonly opensAfter: (date: Date) => Date;
  readonly isHourly: boolean;
  readonly durationHours: number | undefined;
  /** Checks that need many windows. */
  readonly assert?: () => void;
}

/**
 * Checks rotation rules.
 *
 * @throws InvalidParameterException
 */
export function assertRules(rules: RotationRulesType): void {
  scheduleOf(rules)?.assert?.();
}

/**
 * Returns the first window that opens after `last`, the time of the last rotation or manual change. Undefined if the rules
 * have no schedule.
 */
export function nextWindow(rules: RotationRulesType | undefined, last: Date): RotationWindow | undefined {
  const schedule = rules && scheduleOf(rules);
  if (!schedule) return undefined;
  const opens = schedule.opensAfter(last);
  const untilMidnight = 24 - opens.getUTCHours();
  // AWS User Guide: a window does not extend into the next day. Assumed: a rate's window ends at midnight.
  const hours = Math.min(schedule.durationHours ?? (schedule.isHourly ? 1 : 24), untilMidnight);
  const closes = new Date(opens.getTime() + hours * HOUR_MS);
  return { opens, closes, ...(rules.ScheduleExpression !== undefined && { days: daysBetween(last, opens) }) };
}

/** Returns DescribeSecret's NextRotationDate: the window's last second. */
export function nextRotationDate({ closes }: RotationWindow): Date {
  return new Date(closes.getTime() - 1000);
}

/** Returns the days that DescribeSecret adds to rules with an expression. Assumed: they are rounded up. */
function daysBetween(last: Date, opens: Date): number {
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
  // Assumed: counts from the hour of the last rotation.
  const opensAfter = (date: Date) => new Date(Math.floor(date.getTime() / HOUR_MS + count) * HOUR_MS);
  return { opensAfter, isHourly, durationHours };
}

function everyDays(days: number, durationHours: number | undefined): Schedule {
  const opensAfter = (date: Date) => new Date(midnight(date).getTime() + days * DAY_MS);
  return { opensAfter, isHourly: false, durationHours };
}

const HOURS = listOf('[01]?\\d|2[0-3]');
const DAYS = listOf('[1-9]|[12]\\d|3[01]|L');
const MONTHS = listOf('[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC');
const WEEKDAYS = listOf('(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])?');

/** Pattern for a field of a cron expression: a list of values, ranges and steps. */
function listOf(value: string): RegExp {
  const item = `(?:\\*|${value}|(?:${value})-(?:${value}))?(?:/\\d+)?`;
  return new RegExp(`^(?=[^,]+(?:,[^,]+)*$)${item}(?:,${item})*$`);
}

/** `fields` are hours, days of the month, months, days of the week (1 is Sunday). */
function cronOf(fields: readonly string[], durationHours: number | undefined): Schedule {
  const [hours = '', days = '', months = '', weekdays = ''] = fields;
  const isValid =
    HOURS.test(hours) &&
    MONTHS.test(months) &&
    (days === '?' ? WEEKDAYS.test(weekdays) : weekdays === '?' && DAYS.test(days));
  const cron = isValid ? parseCron(`0 ${hours} ${any(days)} ${months} ${any(weekdays)}`) : null;
  if (!cron) throw refusals.invalidRules('Invalid schedule expression.');
  const opensAfter = (date: Date) => cron.nextRun(date) ?? new Date(MOST_MS);
  const isHourly = !/^\d+$/.test(hours);
  return { opensAfter, isHourly, durationHours, assert: () => assertCron(cron, durationHours) };
}

/** Checks a hundred windows: those of a monthly schedule include a leap year. */
function assertCron(cron: Cron, durationHours = 1): void {
  const starts = cron.nextRuns(100, new Date('2025-01-01T00:00:00Z'));
  const gaps = starts.slice(1).map((start, index) => start.getTime() - (starts[index]?.getTime() ?? 0));
  if (starts.length === 0 || gaps.some((gap) => gap < LEAST_HOURS * HOUR_MS)) {
    throw refusals.invalidRules('Invalid schedule expression.');
  }
  if (starts.some((start) => start.getUTCHours() + durationHours > 24)) {
    throw refusals.invalidRules('Starting hour and duration must be within a day.');
  }
  // Assumed: the text. AWS User Guide: a window does not extend into the next one.
  if (gaps.some((gap) => gap < durationHours * HOUR_MS)) {
    throw refusals.invalidRules('Duration cannot be greater than Rate in hour.');
  }
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

function midnight(date: Date): Date {
  return new Date(Math.floor(date.getTime() / DAY_MS) * DAY_MS);
}
