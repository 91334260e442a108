import type { Dialect } from './provider-server.js';

/** The service of the README's spec: it makes a key for whoever shows one, lists keys without showing them, and ends them. */
export const deskDialect: Dialect = ({ method, url, header, body }, keys) => {
  const asker = keys.shown(header('authorization')?.slice('Bearer '.length));
  if (!asker) return [401];
  if (url.pathname === '/self') return [200, { id: asker.id }];
  if (method === 'DELETE') return keys.end(url.pathname.slice('/keys/'.length)) ? [204] : [404];
  if (method === 'POST') {
    const { id, key } = keys.issue(String(body.name));
    return [201, { id, key }];
  }
  return [200, { keys: keys.live().map(({ id, name, createdAt }) => ({ id, name, created: createdAt })) }];
};

const headers = { authorization: 'Bearer {key}' };

/** The README's spec, as JSON. */
export const SPEC = JSON.stringify({
  ...{ name: 'desk', key: 'key', id: 'keyId' },
  create: {
    method: 'POST',
    url: '{url}/keys',
    headers,
    json: { name: '{key.name}' },
    key: '/key',
    id: '/id',
  },
  check: { url: '{url}/self', headers, id: '/id' },
  list: { url: '{url}/keys', headers, items: '/keys', id: '/id', name: '/name', createdAt: '/created' },
  revoke: { method: 'DELETE', url: '{url}/keys/{key.id}', headers },
});
