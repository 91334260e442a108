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
  reset(): { readonly url: string; readonly id: string; readonly key: string };
  accepts(key: unknown): boolean;
  /** How many keys are live. */
  count(): number;
  stop(): Promise<void>;
}

export async function startService(): Promise<Service> {
  let keys: readonly Key[] = [];
  let issued = 0;
  const isLive = (key: unknown) => keys.some((live) => live.key === key);

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

  function answer({ method, url = '', headers }: IncomingMessage): readonly [status: number, body: unknown] {
    const { pathname, searchParams } = new URL(url, 'http://desk');
    if (!isLive(headers.authorization?.slice('Bearer '.length))) return [401, {}];
    if (method === 'DELETE') return [revoke(pathname.slice('/keys/'.length)) ? 200 : 404, {}];
    if (method === 'POST') {
      const { id, key } = issue(searchParams.get('name') ?? '');
      return [201, { id, key }];
    }
    if (pathname === '/self') return [200, {}];
    return [200, keys.map(({ id, name, createdAt }) => ({ id, name, createdAt }))];
  }

  const server = createServer((request, response) => {
    const [status, body] = answer(request);
    response.writeHead(status).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const line = await lineTo((server.address() as AddressInfo).port);
  return {
    line,
    reset() {
      keys = [];
      const { id, key } = issue('made by hand');
      return { url: `http://${line.host}:${line.port}`, id, key };
    },
    accepts: isLive,
    count: () => keys.length,
    async stop() {
      await line.close();
      await once(server.close(), 'close');
    },
  };
}
