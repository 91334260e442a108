/** For how many days new keys of a provider live. */
export interface KeyLifetime {
  /** Without an option. `undefined`: for ever. */
  readonly defaultDays?: number;
  readonly mostDays: number;
}

/** The environment variable of the ready-made functions. */
const VARIABLE = 'KEY_LIFETIME_DAYS';

/** What the warning about a key that ends too early names. */
export const LIFETIME_OPTION = 'the option lifetimeDays, or KEY_LIFETIME_DAYS of a ready-made function';

/**
 * Checks the option `lifetimeDays` of a rotator.
 *
 * @returns `days` as it is
 * @throws TypeError naming the option and what it takes
 */
export function checkedLifetimeDays(
  days: number | undefined,
  { mostDays }: KeyLifetime,
  option = 'lifetimeDays',
): number | undefined {
  if (days === undefined || (Number.isInteger(days) && days >= 1 && days <= mostDays)) return days;
  throw new TypeError(`${option} must be a whole number of days from 1 to ${mostDays}`);
}

/**
 * Reads the environment variable KEY_LIFETIME_DAYS.
 *
 * @throws TypeError naming it and what it takes; an empty one is refused too, since it decides nothing
 */
export function lifetimeDaysFrom(value: string | undefined, lifetime: KeyLifetime): number | undefined {
  if (value === undefined) return undefined;
  return checkedLifetimeDays(/^\d+$/.test(value.trim()) ? Number(value) : Number.NaN, lifetime, VARIABLE);
}
