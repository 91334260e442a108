import type { Answer, TimePlace } from '../pointers.js';

/** A date and a time, and a zone if it names one, in the ways that ISO 8601, RFC 3339, PostgreSQL and Rails write them. */
const WRITTEN =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(?:(Z|UTC)|([+-]\d\d)(?::?(\d\d))?)?$/i;

/** The digits of seconds or milliseconds since 1970. Of fewer or more it is not sure what they count. */
const DIGITS = /^(?:\d{10}|\d{13})(?:\.\d+)?$/;

/** A time that names no zone, where the spec names none either. */
export const ZONELESS = 'a time without a zone';

/** What to do then. */
export const ZONE_HINT =
  'if the provider means UTC, add `timeZone: "UTC"` to the spec; for another zone, write the rotator with issuedKey()';

/** @throws RotationError if it is not a time, or names no zone and neither does the spec */
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
 * When a key ends: a time, or the beginning of a day.
 *
 * @returns `undefined` if it has no end; an invalid Date for what is neither: no rotation fails for that
 */
export function endAt(place: TimePlace, part: unknown): Date | typeof ZONELESS | undefined {
  const value = place.find(part) ?? undefined;
  if (value === undefined || value === '' || isNever(value)) return undefined;
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  return isDay ? new Date(`${value}T00:00:00Z`) : timeOf(place, value);
}

function isNever(value: unknown): boolean {
  if (typeof value === 'number') return value <= 0;
  // The year 1 is what Go writes for no time at all.
  return typeof value === 'string' && (/^0001-01-01[T ]/.test(value) || value === '0' || value === '-1');
}

function timeOf({ isUtc }: TimePlace, value: unknown): Date | typeof ZONELESS {
  // A time of our days in seconds has ten digits, in milliseconds thirteen; more are parts of those.
  if (typeof value === 'number') {
    return new Date(value < 1e11 ? value * 1000 : value < 1e14 ? value : Number.NaN);
  }
  if (typeof value !== 'string') return new Date(Number.NaN);
  if (DIGITS.test(value)) return new Date(Number(value) * (value.search(/\.|$/) === 10 ? 1000 : 1));
  const [, day, clock, utc, hours, minutes = '00'] = WRITTEN.exec(value) ?? [];
  if (day === undefined) return new Date(Number.NaN);
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  // `new Date` would take it for a local one, another at a desk than in Lambda.
  if (utc === undefined && hours === undefined && !isUtc) return ZONELESS;
  return new Date(`${day}T${clock}${offset}`);
}
