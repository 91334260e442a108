import type { Dialect, KeyStore, ServedKey } from './provider-server.js';

export const ELASTIC_ADMIN = { username: 'keys-owner', password: 'adm-5Tq8/wZr2:vXn9' };
const PATH = '/_security/api_key';

/** Elasticsearch's API keys, as its API reference has them: each belongs to a user. */
export const elasticsearchDialect: Dialect = ({ method, url, header, basic, body }, keys) => {
  if (url.pathname === '/_security/_authenticate') {
    const [, shownKey] = /^ApiKey (.+)$/.exec(header('authorization') ?? '') ?? [];
    const found = keys.shown(keyIn(shownKey));
    if (!found || shownKey !== encoded(found)) return [401, { error: { type: 'security_exception' } }];
    const { id, name } = found;
    return [200, { username: 'keys-owner', authentication_type: 'api_key', api_key: { id, name } }];
  }
  if (basic !== `${ELASTIC_ADMIN.username}:${ELASTIC_ADMIN.password}`) return [401, { status: 401 }];
  if (url.pathname !== PATH) return [404, { status: 404 }];
  if (method === 'POST') {
    const { name, role_descriptors = {}, metadata, expiration } = body;
    if (typeof name !== 'string') return [400, { status: 400 }];
    const issued = keys.issue(name, {
      ...{ owner: ELASTIC_ADMIN.username, role_descriptors },
      ...(metadata !== undefined && { metadata }),
      ...(expiration !== undefined && { expiration: endOf(expiration) }),
    });
    return [200, { id: issued.id, name, api_key: issued.key, encoded: encoded(issued) }];
  }
  // With manage_own_api_key alone, only what is asked of the owner's own keys is allowed.
  if (method === 'DELETE') return body.owner === true ? invalidated(body.ids, keys) : [403, { status: 403 }];
  if (url.searchParams.get('owner') !== 'true') return [403, { status: 403 }];
  const own = ownOf(keys);
  const id = url.searchParams.get('id');
  const found = id === null ? own : own.filter((key) => key.id === id);
  return found.length === 0 && id !== null ? [404, { api_keys: [] }] : [200, { api_keys: found.map(shown) }];
};

export function encoded({ id, key }: Pick<ServedKey, 'id' | 'key'>): string {
  return Buffer.from(`${id}:${key}`).toString('base64');
}

function invalidated(ids: unknown, keys: KeyStore): readonly [number, unknown] {
  const wanted = ownOf(keys).filter(({ id }) => Array.isArray(ids) && ids.includes(id));
  const ended = wanted.filter(({ id }) => keys.end(id)).map(({ id }) => id);
  const before = wanted.map(({ id }) => id).filter((id) => !ended.includes(id));
  return [200, { invalidated_api_keys: ended, previously_invalidated_api_keys: before, error_count: 0 }];
}

function ownOf(keys: KeyStore): readonly ServedKey[] {
  return keys.all.filter(({ traits, isHidden }) => traits.owner === ELASTIC_ADMIN.username && !isHidden);
}

function keyIn(encodedKey = ''): string | undefined {
  return Buffer.from(encodedKey, 'base64').toString().split(':')[1];
}

/** Of its units of time, days and seconds. */
function endOf(expiration: unknown): number {
  const [, count = Number.NaN, unit] = /^(\d+)([ds])$/.exec(String(expiration)) ?? [];
  return Date.now() + Number(count) * (unit === 'd' ? 86_400_000 : 1000);
}

function shown({ id, name, createdAt, isLive, traits }: ServedKey) {
  const { role_descriptors, metadata, expiration } = traits;
  const times = { creation: createdAt.getTime(), ...(expiration !== undefined && { expiration }) };
  return { id, name, ...times, invalidated: !isLive, role_descriptors, metadata };
}
