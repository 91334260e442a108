/** Lifetimes of keys that a provider allows. */
export interface KeyLifetime {
  /** Lifetime in days without an option. @default keys do not expire */
  readonly defaultDays?: number;
  /** Longest lifetime in days. */
  readonly mostDays: number;
}

/** The environment variable of the ready-made functions. */
const VARIABLE = 'KEY_LIFETIME_DAYS';

/** Text for {@link IssuedKey.lifetimeOption} of a rotator with the option `lifetimeDays`. */
export const LIFETIME_OPTION = 'the option lifetimeDays, or KEY_LIFETIME_DAYS of a ready-made function';

/**
 * Checks the option `lifetimeDays` of a rotator, and returns it unchanged.
 *
 * @throws TypeError that names the option and what it accepts
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
 * Returns the lifetime in days that the environment variable KEY_LIFETIME_DAYS sets.
 *
 * @param value value of the variable
 * @throws TypeError that names the variable and what it accepts, also if it is empty
 */
export function lifetimeDaysFrom(value: string | undefined, lifetime: KeyLifetime): number | undefined {
  if (value === undefined) return undefined;
  return checkedLifetimeDays(/^\d+$/.test(value.trim()) ? Number(value) : Number.NaN, lifetime, VARIABLE);
}
