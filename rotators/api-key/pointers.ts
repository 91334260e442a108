import type { HttpResponse, RotationError } from '../../src/index.js';
import { demand, isRecord } from './shape.js';
import type { ApiKeySpec, Expectation, Sign } from './spec.js';

/** The JSON of an answer. */
export interface Answer {
  /** JSON of the body; `undefined` for 204, which has no body. */
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
  // A list may be absent too. The object that would hold the list must be there.
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
export function placeIn(member: string, pointer: string | undefined): Place {
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

/**
 * Compiles statuses. What a server in trouble says tells nothing of a key.
 *
 * @throws TypeError naming the member
 */
export function hasStatus(
  member: string,
  statuses: readonly number[],
): (response: { readonly status: number }) => boolean {
  const isStatus = (status: number) => Number.isInteger(status) && /^[24]\d\d$/.test(String(status));
  const areStatuses = Array.isArray(statuses) && statuses.every(isStatus);
  demand(areStatuses, member, 'must be statuses: 200 to 299, or 400 to 499');
  return ({ status }) => statuses.includes(status);
}

/**
 * Compiles signs, of which an answer has to have one.
 *
 * @throws TypeError naming the member
 */
export function signsIn(member: string, signs: readonly Sign[]): (response: HttpResponse) => boolean {
  demand(Array.isArray(signs), member, 'must be statuses, or what an answer holds');
  const isOneOf = hasStatus(
    member,
    signs.filter((sign) => !isRecord(sign)),
  );
  const contents = signs
    .filter((sign): sign is Expectation => isRecord(sign))
    .map((content) => expectedIn(member, content));
  const isSaid = ({ expected }: ExpectedPlace) => expected !== undefined;
  // Without one, every answer would have the sign.
  const areSaid = contents.every((places) => places.length > 0 && places.every(isSaid));
  demand(areSaid, member, 'must say what an answer holds: {"/error": "invalid_auth"}');
  return (response) => {
    if (isOneOf(response)) return true;
    if (contents.length === 0 || response.status >= 500) return false;
    const json = jsonOf(response);
    return contents.some((places) => places.every(({ find, expected }) => find(json) === expected));
  };
}

/** Reads an answer that may be something else. */
export function jsonOf(response: HttpResponse): unknown {
  try {
    return response.json();
  } catch {
    return undefined; // A page of something else, which says nothing of keys.
  }
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

/** @throws RotationError if it is not a token, which a header can hold */
export function tokenAt({ pointer, find }: Place, { json, failure }: Answer): string {
  const token = find(json);
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  throw failure(`with no token at ${pointer}`);
}

/**
 * Returns a text, a number, true or false, and `undefined` where nothing stands, or null.
 *
 * @throws RotationError if it is something else
 */
export function copyAt({ pointer, find }: Place, { json, failure }: Answer): unknown {
  const value = find(json) ?? undefined;
  // A larger number is another one by now.
  const isNumber = typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (value === undefined || isNumber || ['string', 'boolean'].includes(typeof value)) return value;
  throw failure(`with no text, number, true or false at ${pointer}`);
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
