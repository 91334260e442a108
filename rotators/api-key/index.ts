import { issuedKey, type Rotator } from '../../src/index.js';
import { compile, isByAdmin } from './compile.js';
import type { Provider } from './provider.js';
import { idFieldOf, parserOf } from './secret.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

export type {
  AdminLoginRequest,
  ApiKeySecret,
  ApiKeySpec,
  ApiRequest,
  CheckRequest,
  CreateRequest,
  CurrentRequest,
  Expectation,
  JsonValue,
  ListRequest,
  LoginRequest,
  NextPage,
  PageNumbers,
  Pointer,
  RevokeRequest,
  SecondRequest,
  Sign,
} from './spec.js';

/**
 * Makes a rotator for the keys of a provider with an HTTP API, from a description of its requests. It keeps the rules of
 * {@link issuedKey}: the keys of AWSCURRENT and AWSPREVIOUS stay live, and the rotator finds and ends the leftovers of failed
 * attempts.
 *
 * The rotator reads only the fields of the secret that the spec names, and sends only those in placeholders. With an
 * administrator's secret, it makes a key only while AWSCURRENT's key works.
 *
 * @throws TypeError that names the invalid member of the spec
 * @throws RangeError if a number of the spec is out of its range
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
  const { rejectionHint, nameLength, ownsEveryKey, propagationMs, settleMs, ends } = spec;
  const { maxKeys = compiled.create.full.length > 0 ? 'until-full' : undefined } = spec;
  const { lifetimeOption = 'the member create of the spec' } = spec;
  let loaded: Promise<Provider> | undefined;
  // Loaded at the first call, for a faster cold start.
  const provider = () => {
    loaded ??= import('./provider.js').then(({ providerOf }) => providerOf(spec, compiled));
    return loaded;
  };
  const isShown = (field: string) => field === admin || compiled.servers.includes(field);
  return issuedKey<ApiKeySecret, string>({
    name,
    rotates: typeof id === 'string' ? [key, id] : [key],
    shows: [...shows, ...compiled.fields.filter(isShown)],
    ...(compiled.create.copies.length > 0 && { mayRotate: compiled.create.copies.map(({ field }) => field) }),
    ownWords: true,
    ...(text && { text: key }),
    parse: parserOf(spec, compiled),
    id: idFieldOf(spec),
    issue: async (...given) => (await provider()).issue(...given),
    list: async (...given) => (await provider()).list(...given),
    revoke: async (...given) => (await provider()).revoke(...given),
    probe: async (...given) => (await provider()).probe(...given),
    issuesWithItsOwnKey: () => !compiled.create.requests.some(isByAdmin),
    ...{ lifetimeOption, propagationMs, settleMs, ends },
    ...(rejectionHint !== undefined && { rejectionHint }),
    ...(nameLength !== undefined && { nameLength }),
    ...(maxKeys !== undefined && { maxKeys }),
    ...(ownsEveryKey !== undefined && { ownsEveryKey }),
  });
}
