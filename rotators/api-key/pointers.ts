import type { HttpResponse, RotationError } from '../../src/index.js';
import type { Expectation } from './spec.js';

/** The JSON of an answer. */
export interface Answer {
  /** `undefined` for 204: there is none. */
  readonly json: unknown;
  /** What to throw if it is not what it should be. */
  failure(problem: string): RotationError;
}

/**
 * What stands at a place in JSON (RFC 6901).
 *
 * @returns `undefined` if there is nothing
 */
export function valueAt(json: unknown, pointer: string): unknown {
  let value = json;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    if (!Object.hasOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** @throws RotationError if it is not a key */
export function keyAt({ json, failure }: Answer, pointer: string): string {
  const key = valueAt(json, pointer);
  if (typeof key === 'string' && key !== '' && !/[\0\r\n]/.test(key)) return key;
  throw failure(`with no key at ${pointer}`);
}

/** @throws RotationError if it is not an id */
export function idAt(answer: Answer, pointer: string, json: unknown = answer.json): string {
  const id = valueAt(json, pointer);
  if (typeof id === 'string' && id !== '' && !id.includes('\0')) return id;
  // A larger number is another one by now.
  if (Number.isSafeInteger(id)) return String(id);
  throw answer.failure(`with no id at ${pointer}`);
}

/** @throws RotationError if it is not a time */
export function timeAt({ failure }: Answer, pointer: string, json: unknown): Date {
  const time = timeOf(valueAt(json, pointer));
  if (Number.isNaN(time.getTime())) throw failure(`with no time at ${pointer}`);
  return time;
}

/**
 * When a key ends: a time, or the beginning of a day.
 *
 * @returns `undefined` if it has no end; an invalid Date for what is neither: no rotation fails for that
 */
export function endAt(pointer: string, json: unknown): Date | undefined {
  const value = valueAt(json, pointer) ?? undefined;
  if (value === undefined || value === 0 || value === '') return undefined;
  const isDay = typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
  return isDay ? new Date(`${value}T00:00:00Z`) : timeOf(value);
}

function timeOf(value: unknown): Date {
  // A time of our days in seconds has ten digits, in milliseconds thirteen.
  if (typeof value === 'number') return new Date(value < 1e11 ? value * 1000 : value);
  // With a zone: else it would be a local one, another at a desk than in Lambda.
  const isIso = typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/.test(value);
  return new Date(isIso ? value : '');
}

/** @throws RotationError if there is no array */
export function arrayAt({ json, failure }: Answer, pointer: string): readonly unknown[] {
  const array = valueAt(json, pointer);
  if (Array.isArray(array)) return array;
  throw failure(`with no array at ${pointer === '' ? 'the top' : pointer}`);
}

/**
 * Whether all stands there that is expected.
 *
 * @throws RotationError if nothing stands at one of the places: then it is the answer of something else
 */
export function holds(answer: Answer, expectation: Expectation = {}, json: unknown = answer.json): boolean {
  const found = Object.entries(expectation).map(([pointer, expected]) => {
    const value = valueAt(json, pointer);
    if (value === undefined) throw answer.failure(`with nothing at ${pointer}`);
    return value === expected;
  });
  return !found.includes(false);
}
