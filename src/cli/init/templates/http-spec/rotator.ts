import { apiKey } from '../../../../../rotators/api-key/index.js';

const headers = { authorization: 'Bearer {key}' };

/** The secret: {"url":"https://desk.example","key":"…","keyId":"k-17"} */
export const desk = () =>
  apiKey({
    name: 'desk',
    key: 'key',
    id: 'keyId',
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
