import { issuedKey, RotationError, stringField } from '../../../../index.js';

/** The secret: {"url":"https://desk.example","id":"k-17","key":"…"} */
type DeskSecret = { url: string; id: string; key: string };
type Json = Readonly<Record<string, unknown>>;

/** Rotates keys of a service with an HTTP API that shows a key only once, when it creates it. */
export const desk = () =>
  issuedKey({
    name: 'desk',
    rotates: ['id', 'key'],
    shows: ['url'],
    parse: (json: Json): DeskSecret => ({ url: stringField(json, 'url'), ...keyIn(json) }),
    id: 'id',
    async issue(name, current, { signal }) {
      const answer = await call(current, `/keys?name=${name}`, { method: 'POST', signal });
      return keyIn((await answer.json()) as Json);
    },
    async list(secret, { signal }) {
      const keys = (await (await call(secret, '/keys', { signal })).json()) as Json[];
      return keys.map((key) => ({
        id: stringField(key, 'id'),
        name: stringField(key, 'name'),
        createdAt: new Date(stringField(key, 'createdAt')),
      }));
    },
    revoke: async (id, secret, { signal }) =>
      void (await call(secret, `/keys/${id}`, { method: 'DELETE', signal }, 404)),
    probe: async (secret, { signal }) =>
      (await call(secret, '/self', { signal }, 401)).ok ? 'accepted' : 'rejected',
  });

const keyIn = (json: Json) => ({ id: stringField(json, 'id'), key: stringField(json, 'key') });

/** Calls the desk. A status that is neither a success nor expected says nothing about the key. */
async function call({ url, key }: DeskSecret, path: string, init: RequestInit, expected?: number) {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(url + path, { ...init, headers, redirect: 'error' });
  if (response.ok || response.status === expected) return response;
  throw new RotationError('ERR_SERVICE_FAILED', `${url} answered ${response.status}`);
}
