import { type Json, jsonObject } from '../../src/index.js';
import { isRecord } from './shape.js';
import type { ApiKeySpec } from './spec.js';

/**
 * Reads a spec from JSON. In JSON, an `id` that is a RegExp is written `{ "pattern": "^sk-([^-]+)-" }`. `apiKey()` checks the
 * spec.
 *
 * @throws TypeError without any part of the text
 */
export function specFrom(json: string | undefined): ApiKeySpec {
  if (json === undefined || json.trim() === '')
    throw new TypeError('API_KEY_SPEC is empty: set it to a spec, in JSON');
  const spec = jsonObject(json);
  if (spec === undefined) throw new TypeError('API_KEY_SPEC is not a JSON object');
  const { id } = spec;
  // apiKey() checks every member: a spec in JSON has no types.
  return (isRecord(id) ? { ...spec, id: patternOf(id) } : spec) as unknown as ApiKeySpec;
}

function patternOf({ pattern, ...rest }: Json): RegExp {
  if (typeof pattern === 'string' && Object.keys(rest).length === 0) {
    try {
      return new RegExp(pattern);
    } catch {
      // Thrown below: RegExp's own error quotes the pattern.
    }
  }
  throw new TypeError('"id" must be the name of a field, or {"pattern": "<regular expression>"}');
}
