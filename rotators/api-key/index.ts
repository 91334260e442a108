import { issuedKey, type Rotator } from '../../src/index.js';
import { compile, isByAdmin } from './compile.js';
import { providerOf } from './provider.js';
import { idFieldOf, parserOf } from './secret.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

export type {
  ApiKeySecret,
  ApiKeySpec,
  ApiRequest,
  CheckRequest,
  CreateRequest,
  Expectation,
  JsonValue,
  ListRequest,
  NextPage,
  PageNumbers,
  Pointer,
  RevokeRequest,
} from './spec.js';

/**
 * Rotates the keys of a provider with an HTTP API, from a description of it, by the rules of `issuedKey`: AWSCURRENT and
 * AWSPREVIOUS stay live, and what failed attempts leave behind is found and ended.
 *
 * Of the secret only the fields that the spec names are read, and only those in placeholders are sent. With an
 * administrator's secret, a key is made only while AWSCURRENT's works.
 *
 * @throws TypeError naming the member of the spec that cannot be
 * @throws RangeError for a number that cannot be
 *
 * @example
 * ```ts
 * import { rotationHandler } from 'quarterturn';
 * import { apiKey } from 'quarterturn/rotators/api-key';
 * import { spec } from './desk.js';
 *
 * export const handler = rotationHandler(apiKey(spec));
 * ```
 */
export function apiKey(spec: ApiKeySpec): Rotator<ApiKeySecret, string> {
  const compiled = compile(spec);
  const { name, key, id, admin, shows = [], text = false } = spec;
  const { rejectionHint, nameLength, ownsEveryKey, propagationMs } = spec;
  const { maxKeys = compiled.create.full.length > 0 ? 'until-full' : undefined } = spec;
  const { lifetimeOption = 'the member create of the spec' } = spec;
  const isShown = (field: string) => field === admin || compiled.servers.includes(field);
  return issuedKey<ApiKeySecret, string>({
    name,
    rotates: typeof id === 'string' ? [key, id] : [key],
    shows: [...shows, ...compiled.fields.filter(isShown)],
    ...(text && { text: key }),
    parse: parserOf(spec, compiled),
    id: idFieldOf(spec),
    ...providerOf(spec, compiled),
    issuesWithItsOwnKey: () => !isByAdmin(compiled.create.request),
    lifetimeOption,
    ...(rejectionHint !== undefined && { rejectionHint }),
    ...(nameLength !== undefined && { nameLength }),
    ...(maxKeys !== undefined && { maxKeys }),
    ...(ownsEveryKey !== undefined && { ownsEveryKey }),
    ...(propagationMs !== undefined && { propagationMs }),
  });
}
