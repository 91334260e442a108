import type { HttpResponse, RotationError } from '../../src/index.js';
import { demand, isRecord } from './shape.js';
import type { ApiKeySpec, Expectation, Sign } from './spec.js';

/** The JSON of an answer. */
export interface Answer {
  /** JSON of the body; `undefined` for 204, which has no body. */
  readonly json: unknown;
  /** Length of the body. */
  readonly bytes: number;
  /** The Link header. */
  readonly link: string | undefined;
  /** Returns the error for an answer with a problem. */
  failure(problem: string, hint?: string): RotationError;
}

/** A place in JSON (RFC 6901). */
export interface Place {
  readonly pointer: string;
  /** Returns the value at the place, or `undefined` if it is absent. */
  readonly find: (json: unknown) => unknown;
  /** Whether the object exists that has the value or may leave it out. */
  readonly isOwned: (json: unknown) => boolean;
}

/** A place that holds a time. */
export interface TimePlace extends Place {
  /** Whether a time without a zone is in UTC. */
  readonly isUtc: boolean;
}

/** A place, and its expected value. */
export interface ExpectedPlace extends Place {
  readonly expected: unknown;
}

/** Compiles a pointer. */
export function placeAt(pointer: string): Place {
  const tokens = pointer.split('/').slice(1);
  const names = tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  const find = (json: unknown) => names.reduce(memberOf, json);
  // The list may be absent too, but not the object that would hold it.
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
  demand(isPointer, member, 'must be a JSON pointer: /data/id');
  return placeAt(pointer);
}

/** As {@link placeIn}, for an optional member. */
export function placeIfIn(member: string, pointer: string | undefined): Place | undefined {
  return pointer === undefined ? undefined : placeIn(member, pointer);
}

/** As {@link placeIfIn}, for the place of a time. */
export function timePlaceIn(
  member: string,
  pointer: string | undefined,
  timeZone: ApiKeySpec['timeZone'],
): TimePlace | undefined {
  const place = placeIfIn(member, pointer);
  return place && { ...place, isUtc: timeZone === 'UTC' };
}

/** Compiles places and their expected values. */
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
 * Compiles statuses. Those of 500 and more are not allowed: a server in trouble says nothing about a key.
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
 * Compiles signs. The result says whether an answer has one of them.
 *
 * @throws TypeError naming the member
 */
export function signsIn(member: string, signs: readonly Sign[]): (response: HttpResponse) => boolean {
  demand(Array.isArray(signs), member, 'must be a list of statuses, or of values that an answer holds');
  const isOneOf = hasStatus(
    member,
    signs.filter((sign) => !isRecord(sign)),
  );
  const contents = signs
    .filter((sign): sign is Expectation => isRecord(sign))
    .map((content) => expectedIn(member, content));
  const isSaid = ({ expected }: ExpectedPlace) => expected !== undefined;
  // Without a value, every answer would have the sign.
  const areSaid = contents.every((places) => places.length > 0 && places.every(isSaid));
  demand(areSaid, member, 'must name values of an answer: {"/error": "invalid_auth"}');
  return (response) => {
    if (isOneOf(response)) return true;
    if (contents.length === 0 || response.status >= 500) return false;
    const json = jsonOf(response);
    return contents.some((places) => places.every(({ find, expected }) => find(json) === expected));
  };
}

/** Reads the JSON of an answer. Returns `undefined` if it is something else, such as a web page. */
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

/** @throws RotationError if the value is not a key */
export function keyAt({ pointer, find }: Place, { json, failure }: Answer): string {
  const key = find(json);
  if (typeof key === 'string' && key !== '' && !/[\0\r\n]/.test(key)) return key;
  throw failure(`with no key at ${pointer}`);
}

/** @throws RotationError if the value is not a token that a header can hold */
export function tokenAt({ pointer, find }: Place, { json, failure }: Answer): string {
  const token = find(json);
  if (typeof token === 'string' && /^[\x21-\x7e]+$/.test(token)) return token;
  throw failure(`with no token at ${pointer}`);
}

/**
 * Returns a string, a number, true or false; `undefined` if the value is absent or null.
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

/** @throws RotationError if the value is not an id */
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
 * Whether an answer holds all expected values.
 *
 * @throws RotationError if one of the places is absent: the answer is then from another service
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
