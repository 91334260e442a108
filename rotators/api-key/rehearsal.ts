import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { jsonObject, request, rotationHandler, type StartRehearsal } from '../../src/index.js';
import { apiKey } from './index.js';

/** Rehearses on a service that it starts itself, without a limit on the number of keys. */
export const startRehearsal: StartRehearsal = async ({ secretString }) => {
  if (secretString !== undefined) {
    throw new Error(
      'this rehearsal starts its own service: a secret does not say how to call yours. Leave out --secret',
    );
  }
  const service = await startService();
  const rotator = apiKey(specOf(service.url));
  return {
    title: `a service of API keys, started for this rehearsal on ${service.url}`,
    secretString: JSON.stringify(service.first),
    rotator,
    overlaps: true,
    handler: (options) => rotationHandler(rotator, options),
    async accepts(version) {
      const { key } = jsonObject(version) ?? {};
      const { status } = await request({
        doing: 'try a key',
        url: `${service.url}/self`,
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(10_000),
      });
      return status === 200;
    },
    // Nobody else uses the service.
    restore: async () => {},
    stop: service.stop,
  };
};

function specOf(url: string): Parameters<typeof apiKey>[0] {
  const headers = { authorization: 'Bearer {key}' };
  return {
    name: 'api-key',
    key: 'key',
    id: 'keyId',
    create: {
      method: 'POST',
      url: `${url}/keys`,
      headers,
      json: { name: '{key.name}' },
      key: '/key',
      id: '/id',
    },
    check: { url: `${url}/self`, headers, id: '/id' },
    list: { url: `${url}/keys`, headers, items: '', id: '/id', name: '/name', createdAt: '/createdAt' },
    revoke: { method: 'DELETE', url: `${url}/keys/{key.id}`, headers },
  };
}

interface Key {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly createdAt: Date;
}

async function startService() {
  const keys = new Map<string, Key>();
  const make = (name: string): Key => {
    const made = {
      id: randomUUID(),
      key: randomBytes(32).toString('base64url'),
      name,
      createdAt: new Date(),
    };
    keys.set(made.id, made);
    return made;
  };
  const server = createServer(async (asked, response) => {
    const [status, json] = answerTo(asked, await bodyOf(asked), { keys, make });
    response.writeHead(status).end(json === undefined ? undefined : JSON.stringify(json));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the service has no port');
  const { id, key } = make('made by hand');
  return {
    url: `http://127.0.0.1:${address.port}`,
    first: { key, keyId: id },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerTo(
  { method, url = '', headers }: IncomingMessage,
  body: string,
  { keys, make }: { readonly keys: Map<string, Key>; readonly make: (name: string) => Key },
): readonly [status: number, json?: unknown] {
  const asker = [...keys.values()].find(({ key }) => headers.authorization === `Bearer ${key}`);
  if (!asker) return [401];
  if (method === 'POST') return [201, make(String(jsonObject(body)?.name))];
  if (method === 'DELETE') return [keys.delete(url.replace('/keys/', '')) ? 204 : 404];
  if (url === '/self') return [200, { id: asker.id }];
  return [200, [...keys.values()].map(({ id, name, createdAt }) => ({ id, name, createdAt }))];
}

async function bodyOf(asked: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of asked) body += chunk;
  return body;
}
