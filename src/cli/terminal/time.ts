const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Returns an age for people: `17 d`, `3 h`, `5 min`, `40 s`. */
export function ageInWords(ms: number): string {
  const age = Math.max(ms, 0);
  if (age < 2 * MINUTE) return `${Math.floor(age / SECOND)} s`;
  if (age < 2 * HOUR) return `${Math.floor(age / MINUTE)} min`;
  if (age < 2 * DAY) return `${Math.floor(age / HOUR)} h`;
  return `${Math.floor(age / DAY)} d`;
}

/** Returns a time for people: `2026-11-12 03:14 UTC`. */
export function dateInWords(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

const UNITS: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** Returns the milliseconds of `90s`, `15m`, `1h` or `90d`; undefined for any other text, and for zero. */
export function milliseconds(text: string): number | undefined {
  const [, number = '', unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 0) || undefined;
}
