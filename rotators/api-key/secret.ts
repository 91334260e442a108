import { stringField } from '../../src/index.js';
import { serverUrl } from './placeholders.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/** What a spec names of the secret and of the administrator's. */
export interface Named {
  readonly fields: readonly string[];
  /** Those that are URLs of servers. */
  readonly servers: readonly string[];
  readonly ofAdmin: readonly string[];
  /** Those that stand in a header as they are. */
  readonly inHeaders: Readonly<Record<'secret' | 'admin', readonly string[]>>;
}

/** What keys look like. */
const LIKENESSES = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890123456789',
  'sk-live-4wTz8Lp1Qm7Kx3Vn9Rb2',
  'SG.4wTz8Lp1Qm7.Kx3Vn9Rb2_Jd5',
  'glpat-4wTz8Lp1Qm7Kx3Vn9Rb2',
  '6f1c0c3e-8a49-4a52-9d0a-3c8f5b7e2d14',
];

/** Messages show an id that is found in a key: so much of the key, at least, stays out of it. */
const LEAST_LEFT = 8;

/** Where the id of a key is kept that is found in the key itself. No field of a spec has a colon. */
const FOUND = 'key:id';

/** The field of a parsed secret that has the key's id. */
export function idFieldOf({ id }: ApiKeySpec): string {
  return typeof id === 'string' ? id : FOUND;
}

/** Makes what reads a secret: the fields that the spec names, and no others. */
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
 * What editors and shells add to a value (a line break, a byte order mark) no header can hold.
 *
 * @throws TypeError naming the field
 */
export function assertHeaders(secret: ApiKeySecret, fields: readonly string[]): void {
  const wrong = fields.find((field) => !/^[\t\x20-\x7e]*$/.test(secret[field] ?? ''));
  if (wrong === undefined) return;
  throw new TypeError(
    `"${wrong}" contains a line break, an invisible character, or another one that no HTTP header can hold: store it without`,
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
 * @throws TypeError that quotes nothing of the key
 */
function idFoundIn(key: string, pattern: RegExp, field: string): string {
  const [, found = ''] = pattern.exec(key) ?? [];
  if (found === '') throw new TypeError(`"${field}" has no id in it`);
  if (key.length - found.length >= LEAST_LEFT) return found;
  throw new TypeError(`the id that the spec finds in "${field}" is the key itself, or nearly`);
}

/** Whether the first group of a pattern is all of it, or takes all of a key. */
export function takesWholeKeys(pattern: RegExp): boolean {
  const [, inner] = /^\^?\((?:\?<\w+>)?(?!\?)(.*)\)\$?$/s.exec(pattern.source) ?? [];
  // If it stands by itself, the bracket that ends the pattern is that of the first group.
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
