import * as refusals from './refusals.js';

/** No request needs this, and readers recurse. */
const MOST_DEPTH = 100;

/** A copy of a request or an answer that shares nothing with the original, and has no absent members. */
export function detached<T>(value: T, depth?: number): T;
export function detached(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MOST_DEPTH) throw refusals.notJson();
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  if (Array.isArray(value)) return value.map((item) => detached(item, depth + 1));
  const present = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(present.map(([name, member]) => [name, detached(member, depth + 1)]));
}
