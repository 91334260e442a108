import { stringField } from '../../src/index.js';
import { serverUrl } from './placeholders.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/** Fields of the secret and of the administrator's secret that a spec names. */
export interface Named {
  readonly fields: readonly string[];
  /** Fields that hold the URL of a server. */
  readonly servers: readonly string[];
  readonly ofAdmin: readonly string[];
  /** Fields that a header holds as they are. */
  readonly inHeaders: Readonly<Record<'secret' | 'admin', readonly string[]>>;
}

/** Texts that look like keys. */
const LIKENESSES = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890123456789',
  'sk-live-4wTz8Lp1Qm7Kx3Vn9Rb2',
  'SG.4wTz8Lp1Qm7.Kx3Vn9Rb2_Jd5',
  'glpat-4wTz8Lp1Qm7Kx3Vn9Rb2',
  '6f1c0c3e-8a49-4a52-9d0a-3c8f5b7e2d14',
];

/** Least number of characters of a key outside the id that it contains, because messages show that id. */
const LEAST_LEFT = 8;

/** Name for the id that a key contains. It has a colon, as no field of a spec does. */
const FOUND = 'key:id';

/** Returns the field of a parsed secret that has the key's id. */
export function idFieldOf({ id }: ApiKeySpec): string {
  return typeof id === 'string' ? id : FOUND;
}

/** Returns a function that reads the fields of a secret that the spec names, and no others. */
export function parserOf(
  { key, id }: ApiKeySpec,
  { fields, servers, inHeaders }: Named,
): (json: Readonly<Record<string, unknown>>) => ApiKeySecret {
  return (json) => {
    const secret = fieldsOf(json, fields);
    for (const server of servers) serverUrl(secret[server] ?? '', server);
    assertHeaders(secret, inHeaders.secret);
    if (typeof id === 'string') return secret;
    return { ...secret, [FOUND]: idFoundIn(secret[key] ?? '', id, key) };
  };
}

/**
 * Asserts that headers can hold the values. Editors and shells may add a line break or a byte order mark, which they cannot.
 *
 * @throws TypeError naming the field
 */
export function assertHeaders(secret: ApiKeySecret, fields: readonly string[]): void {
  const wrong = fields.find((field) => !/^[\t\x20-\x7e]*$/.test(secret[field] ?? ''));
  if (wrong === undefined) return;
  throw new TypeError(
    `"${wrong}" contains a line break or another character that no HTTP header can hold: store the value without it`,
  );
}

/**
 * Reads fields. Ids may be stored as numbers.
 *
 * @throws TypeError naming the field
 */
export function fieldsOf(json: Readonly<Record<string, unknown>>, fields: readonly string[]): ApiKeySecret {
  return Object.fromEntries(
    fields.map((field) => {
      const value = Object.hasOwn(json, field) ? json[field] : undefined;
      return [field, Number.isSafeInteger(value) ? String(value) : stringField(json, field)];
    }),
  );
}

/**
 * Finds the id in a key.
 *
 * @param field names the key in errors
 * @throws TypeError without any part of the key
 */
function idFoundIn(key: string, pattern: RegExp, field: string): string {
  const [, found = ''] = pattern.exec(key) ?? [];
  if (found === '') throw new TypeError(`the pattern of the spec finds no id in "${field}"`);
  if (key.length - found.length >= LEAST_LEFT) return found;
  throw new TypeError(`the pattern of the spec finds an id in "${field}" that is nearly the whole key`);
}

/** Whether the first group of a pattern is all of it, or takes all of a key. */
export function takesWholeKeys(pattern: RegExp): boolean {
  const [, inner] = /^\^?\((?:\?<\w+>)?(?!\?)(.*)\)\$?$/s.exec(pattern.source) ?? [];
  // If the inside is a pattern, the last bracket of the whole closes the first group.
  if (inner !== undefined && isPattern(inner)) return true;
  return LIKENESSES.some((key) => {
    const [, found = ''] = pattern.exec(key) ?? [];
    return found !== '' && key.length - found.length < LEAST_LEFT;
  });
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(source).source !== '';
  } catch {
    return false;
  }
}
