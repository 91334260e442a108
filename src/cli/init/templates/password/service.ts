import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lineTo, type TcpLine } from '../../../../testing/index.js';

const FIRST = 'first-password-1';

/** The gate in memory, over real HTTP, with one user, "door-7", and one password. */
export interface Service {
  /** The connection that the rotator uses: the contract suite cuts it, breaks it and stalls it. */
  readonly line: TcpLine;
  /** Resets the service to the first password, and returns its secret, whose url is the line's. */
  reset(): { readonly url: string; readonly user: string; readonly password: string };
  accepts(password: unknown): boolean;
  stop(): Promise<void>;
}

export async function startService(): Promise<Service> {
  let accepted = FIRST;
  const server = createServer(async (request, response) => {
    const given = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
    const isRight = given === `door-7:${accepted}`;
    let body = '';
    for await (const chunk of request) body += chunk;
    if (isRight && request.method === 'PUT') accepted = body;
    response.writeHead(isRight ? 200 : 401).end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const line = await lineTo((server.address() as AddressInfo).port);
  return {
    line,
    reset() {
      accepted = FIRST;
      return { url: `http://${line.host}:${line.port}`, user: 'door-7', password: FIRST };
    },
    accepts: (password) => password === accepted,
    async stop() {
      await line.close();
      await once(server.close(), 'close');
    },
  };
}
