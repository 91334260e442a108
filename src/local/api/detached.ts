import * as refusals from './refusals.js';

/** Deeper than any valid request: the readers recurse. */
const MOST_DEPTH = 100;

/** Returns a deep copy of a request or answer, without undefined and null members. */
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
