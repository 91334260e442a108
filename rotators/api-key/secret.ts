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
  { fields, servers }: Named,
): (json: Readonly<Record<string, unknown>>) => ApiKeySecret {
  return (json) => {
    const secret = fieldsOf(json, fields);
    for (const server of servers) serverUrl(secret[server] ?? '', server);
    if (typeof id === 'string') return secret;
    return { ...secret, [FOUND]: idFoundIn(secret[key] ?? '', id, key) };
  };
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
