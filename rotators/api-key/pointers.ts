import type { HttpResponse, RotationError } from '../../src/index.js';
import { demand, isRecord } from './shape.js';
import type { ApiKeySpec, Expectation } from './spec.js';

/** The JSON of an answer. */
export interface Answer {
  /** `undefined` for 204: there is none. */
  readonly json: unknown;
  /** How long it is. */
  readonly bytes: number;
  /** Its Link header. */
  readonly link: string | undefined;
  /** What to throw if it is not what it should be. */
  failure(problem: string, hint?: string): RotationError;
}

/** A place in JSON (RFC 6901). */
export interface Place {
  readonly pointer: string;
  /** Returns what stands there, `undefined` if there is nothing. */
  readonly find: (json: unknown) => unknown;
  /** Whether there is an object that has what stands there, or leaves it out. */
  readonly isOwned: (json: unknown) => boolean;
}

/** A place where a time stands. */
export interface TimePlace extends Place {
  /** Whether one without a zone is in UTC. */
  readonly isUtc: boolean;
}

/** A place, and what is expected there. */
export interface ExpectedPlace extends Place {
  readonly expected: unknown;
}

/** Compiles a pointer. */
export function placeAt(pointer: string): Place {
  const tokens = pointer.split('/').slice(1);
  const names = tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const find = (json: unknown) => names.reduce(memberOf, json);
  // A list may be absent as well: whose items those are is what must be there.
  const at = names.findLastIndex((name) => !/^\d+$/.test(name));
  return {
    pointer,
    find,
    isOwned: (json) => isRecord(names.slice(0, Math.max(at, 0)).reduce(memberOf, json)),
  };
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}

/**
 * Compiles the pointer in a member of a spec.
 *
 * @throws TypeError naming the member
 */
export function placeIn(member: string, pointer: string): Place {
  // A spec may come without types.
  const isPointer = typeof pointer === 'string' && /^\/(?:[^~]|~[01])*$/.test(pointer);
  demand(isPointer, member, 'must be JSON pointers: /data/id');
  return placeAt(pointer);
}

/** Likewise, for a member that need not be there. */
export function placeIfIn(member: string, pointer: string | undefined): Place | undefined {
  return pointer === undefined ? undefined : placeIn(member, pointer);
}

/** Likewise, for one with a time. */
export function timePlaceIn(
  member: string,
  pointer: string | undefined,
  timeZone: ApiKeySpec['timeZone'],
): TimePlace | undefined {
  const place = placeIfIn(member, pointer);
  return place && { ...place, isUtc: timeZone === 'UTC' };
}

/** Likewise, for places at which something is expected. */
export function expectedIn(member: string, expectation: Expectation | undefined): readonly ExpectedPlace[] {
  if (expectation === undefined) return [];
  demand(isRecord(expectation), member, 'must be an object');
  return Object.entries(expectation).map(([pointer, expected]) => {
    const isPlain = typeof expected !== 'object' || expected === null;
    demand(isPlain, member, 'must have a string, a number, true, false or null at each place');
    return { ...placeIn(member, pointer), expected };
  });
}

export function isSuccess({ status }: HttpResponse): boolean {
  return status >= 200 && status < 300;
}

/** @throws RotationError if it is not a key */
export function keyAt({ pointer, find }: Place, { json, failure }: Answer): string {
  const key = find(json);
  if (typeof key === 'string' && key !== '' && !/[\0\r\n]/.test(key)) return key;
  throw failure(`with no key at ${pointer}`);
}

/** @throws RotationError if it is not an id */
export function idAt({ pointer, find }: Place, { json, failure }: Answer, part: unknown = json): string {
  const id = find(part);
  if (typeof id === 'string' && id !== '' && !id.includes('\0')) return id;
  // A larger number is another one by now.
  if (Number.isSafeInteger(id)) return String(id);
  throw failure(`with no id at ${pointer}`);
}

/** @throws RotationError if there is no array */
export function arrayAt({ pointer, find }: Place, { json, failure }: Answer): readonly unknown[] {
  const array = find(json);
  if (Array.isArray(array)) return array;
  throw failure(`with no array at ${pointer === '' ? 'the top' : pointer}`);
}

/**
 * Whether all stands there that is expected.
 *
 * @throws RotationError if nothing stands at one of the places: then it is the answer of something else
 */
export function holds(
  places: readonly ExpectedPlace[],
  { json, failure }: Answer,
  part: unknown = json,
): boolean {
  const found = places.map(({ pointer, find, expected }) => {
    const value = find(part);
    if (value === undefined) throw failure(`with nothing at ${pointer}`);
    return value === expected;
  });
  return !found.includes(false);
}
