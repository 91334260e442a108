import { issuedKey, type Rotator } from '../../src/index.js';
import { checkedSpec } from './compile.js';
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
  const named = checkedSpec(spec);
  const { name, key, id, admin, shows = [], text = false } = spec;
  const { rejectionHint, nameLength, maxKeys, ownsEveryKey, propagationMs } = spec;
  const { lifetimeOption = 'the member create of the spec' } = spec;
  const isShown = (field: string) => field === admin || named.servers.includes(field);
  const { assertProven, ...provider } = providerOf(spec, named);
  const rotator = issuedKey<ApiKeySecret, string>({
    name,
    rotates: typeof id === 'string' ? [key, id] : [key],
    shows: [...shows, ...named.fields.filter(isShown)],
    ownWords: true,
    ...(text && { text: key }),
    parse: parserOf(spec, named),
    id: idFieldOf(spec),
    ...provider,
    lifetimeOption,
    ...(rejectionHint !== undefined && { rejectionHint }),
    ...(nameLength !== undefined && { nameLength }),
    ...(maxKeys !== undefined && { maxKeys }),
    ...(ownsEveryKey !== undefined && { ownsEveryKey }),
    ...(propagationMs !== undefined && { propagationMs }),
  });
  return {
    ...rotator,
    async createSecret(current, context) {
      // Before room is made for the next: that ends a key.
      await assertProven(current, context);
      return rotator.createSecret(current, context);
    },
  };
}
