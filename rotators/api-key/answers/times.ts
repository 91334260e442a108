import type { Answer, TimePlace } from '../pointers.js';

/** A date and a time, with or without a zone, as ISO 8601, RFC 3339, PostgreSQL and Rails write them. */
const WRITTEN =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:(Z|UTC)|([+-]\d\d)(?::?(\d\d))?)?$/i;

/** Seconds or milliseconds since 1970, in digits. With fewer or more digits, the unit is unclear. */
const DIGITS = /^(?:\d{10}|\d{13})(?:\.\d+)?$/;

/** Marks a time without a zone, if the spec has no `timeZone`. */
export const ZONELESS = 'a time without a zone';

/** Hint for a time without a zone. */
export const ZONE_HINT =
  'if the provider means UTC, add `timeZone: "UTC"` to the spec; for another zone, write the rotator with issuedKey()';

/** @throws RotationError if the value is not a time, or if neither the value nor the spec names a zone */
export function timeAt(place: TimePlace, answer: Answer, part: unknown): Date {
  const time = timeOf(place, place.find(part));
  if (time === ZONELESS) throw zoneless(place, answer);
  if (Number.isNaN(time.getTime())) throw answer.failure(`with no time at ${place.pointer}`);
  return time;
}

export function zoneless({ pointer }: TimePlace, { failure }: Answer): Error {
  return failure(`with ${ZONELESS} at ${pointer}, and the spec has no "timeZone"`, ZONE_HINT);
}

/**
 * Returns the time at which a key ends. For a day, that is its beginning.
 *
 * @returns `undefined` if the key has no end; an invalid Date for any other value, because no rotation may fail for that
 */
export function endAt(place: TimePlace, part: unknown): Date | typeof ZONELESS | undefined {
  const value = place.find(part) ?? undefined;
  if (value === undefined || value === '' || isNever(value)) return undefined;
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  return isDay ? new Date(`${value}T00:00:00Z`) : timeOf(place, value);
}

function isNever(value: unknown): boolean {
  if (typeof value === 'number') return value <= 0;
  // Go writes the year 1 for no time.
  return typeof value === 'string' && (/^0001-01-01[T ]/.test(value) || value === '0' || value === '-1');
}

function timeOf({ isUtc }: TimePlace, value: unknown): Date | typeof ZONELESS {
  // A present-day time has ten digits in seconds and thirteen in milliseconds. More digits are microseconds or less.
  if (typeof value === 'number') {
    return new Date(value < 1e11 ? value * 1000 : value < 1e14 ? value : Number.NaN);
  }
  if (typeof value !== 'string') return new Date(Number.NaN);
  if (DIGITS.test(value)) return new Date(Number(value) * (value.search(/\.|$/) === 10 ? 1000 : 1));
  const [, day, clock, utc, hours, minutes = '00'] = WRITTEN.exec(value) ?? [];
  if (day === undefined) return new Date(Number.NaN);
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  // `new Date` would read it as local time, which differs between a desk and Lambda.
  if (utc === undefined && hours === undefined && !isUtc) return ZONELESS;
  return new Date(`${day}T${clock}${offset}`);
}
