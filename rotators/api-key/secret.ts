import { stringField } from '../../src/index.js';
import type { Named } from './compile.js';
import { idFoundIn } from './key-ids.js';
import { serverUrl } from './placeholders.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

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
