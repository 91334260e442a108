import type { Dialect, ServedKey } from './provider-server.js';

export const DATADOG_ADMIN = {
  adminApiKey: 'adm-5Tq8wZr2-api-key',
  adminAppKey: 'ddapp_adm-7Kc3vXn9',
};
const PATH = '/api/v2/api_keys';

/** Datadog's API keys, as its API reference has them. */
export const datadogDialect: Dialect = ({ method, url, header, body }, keys) => {
  if (url.pathname === '/api/v1/validate') {
    return keys.shown(header('dd-api-key')) ? [200, { valid: true }] : [403, { errors: ['Forbidden'] }];
  }
  const isAdmin =
    header('dd-api-key') === DATADOG_ADMIN.adminApiKey &&
    header('dd-application-key') === DATADOG_ADMIN.adminAppKey;
  if (!isAdmin) return [403, { errors: ['Forbidden'] }];
  if (method === 'GET' && url.pathname === PATH) {
    const size = Math.min(Number(url.searchParams.get('page[size]') ?? 10), 100);
    const from = Number(url.searchParams.get('page[number]') ?? 0) * size;
    const page = keys.live().slice(from, from + size);
    return [200, { data: page.map(shown), meta: { page: { total_filtered_count: keys.live().length } } }];
  }
  if (method === 'GET' && url.pathname.startsWith(`${PATH}/`)) {
    const key = keys.find(url.pathname.slice(PATH.length + 1));
    return key ? [200, { data: shown(key) }] : [404, { errors: ['Not Found'] }];
  }
  if (method === 'POST' && url.pathname === PATH) {
    const { data } = body as {
      data?: { type?: string; attributes?: { name?: string; [trait: string]: unknown } };
    };
    if (data?.type !== 'api_keys' || !data.attributes?.name) return [400, { errors: ['Bad Request'] }];
    const { name, ...traits } = data.attributes;
    const issued = keys.issue(name, traits);
    const answer = shown(issued);
    return [201, { data: { ...answer, attributes: { ...answer.attributes, key: issued.key } } }];
  }
  if (method === 'DELETE' && url.pathname.startsWith(`${PATH}/`)) {
    return keys.end(url.pathname.slice(PATH.length + 1)) ? [204] : [404, { errors: ['Not Found'] }];
  }
  return [404, { errors: ['Not Found'] }];
};

function shown({ id, key, name, createdAt, traits }: ServedKey) {
  const attributes = { ...traits, name, created_at: createdAt.toISOString(), last4: key.slice(-4) };
  return { type: 'api_keys', id, attributes };
}
