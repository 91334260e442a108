/** For how many days new keys of a provider live. */
export interface Lifetime {
  /** Without an option. `undefined`: for ever. */
  readonly defaultDays?: number;
  readonly mostDays: number;
}

/** The environment variable of the ready-made functions. */
const VARIABLE = 'KEY_LIFETIME_DAYS';

/** What the warning about a key that ends too early names. */
export const LIFETIME_OPTION = `the option lifetimeDays, or ${VARIABLE} of a ready-made function`;

/** @throws TypeError naming the option and what it takes */
export function checkedDays(
  days: number | undefined,
  { mostDays }: Lifetime,
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
export function daysFrom(value: string | undefined, lifetime: Lifetime): number | undefined {
  if (value === undefined) return undefined;
  return checkedDays(/^\d+$/.test(value.trim()) ? Number(value) : Number.NaN, lifetime, VARIABLE);
}
