import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lineTo, type TcpLine } from '../../../../testing/index.js';

interface Key {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** The desk in memory, over real HTTP. With a live key, a client can create, list and revoke keys; a list does not show them. */
export interface Service {
  /** The connection that the rotator uses: the contract suite cuts it, breaks it and stalls it. */
  readonly line: TcpLine;
  /** Resets the service to one key, and returns its secret, whose url is the line's. */
  reset(): { readonly url: string; readonly key: string; readonly keyId: string };
  accepts(key: unknown): boolean;
  /** How many keys are live. */
  count(): number;
  stop(): Promise<void>;
}

export async function startService(): Promise<Service> {
  let keys: readonly Key[] = [];
  let issued = 0;

  function issue(name: string): Key {
    issued += 1;
    const made = { id: `k-${issued}`, key: randomUUID(), name, createdAt: new Date() };
    keys = [...keys, made];
    return made;
  }

  function revoke(wanted: string): boolean {
    const rest = keys.filter(({ id }) => id !== wanted);
    const isFound = rest.length < keys.length;
    keys = rest;
    return isFound;
  }

  async function answer(request: IncomingMessage): Promise<readonly [status: number, body: unknown]> {
    const { method, url = '', headers } = request;
    let body = '';
    for await (const chunk of request) body += chunk;
    const asker = keys.find(({ key }) => key === headers.authorization?.slice('Bearer '.length));
    if (!asker) return [401, {}];
    if (method === 'DELETE') return [revoke(url.slice('/keys/'.length)) ? 200 : 404, {}];
    if (method === 'POST') {
      const { id, key } = issue(JSON.parse(body).name);
      return [201, { id, key }];
    }
    if (url === '/self') return [200, { id: asker.id }];
    return [200, { keys: keys.map(({ id, name, createdAt }) => ({ id, name, created: createdAt })) }];
  }

  const server = createServer(async (request, response) => {
    const [status, body] = await answer(request);
    response.writeHead(status).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const line = await lineTo((server.address() as AddressInfo).port);
  return {
    line,
    reset() {
      keys = [];
      const { id, key } = issue('made by hand');
      return { url: `http://${line.host}:${line.port}`, key, keyId: id };
    },
    accepts: (key) => keys.some((live) => live.key === key),
    count: () => keys.length,
    async stop() {
      await line.close();
      await once(server.close(), 'close');
    },
  };
}
