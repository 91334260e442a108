import { once } from 'node:events';
import { createServer } from 'node:http';
import { lineTo, type TcpLine } from '../../src/testing/index.js';
import { listening } from './listening.js';

const FIRST = 'first-password-1';

/** The service of the README's rotator, over real HTTP: one user, "door-7", and one password. */
export interface GateService {
  readonly line: TcpLine;
  /** Back to the first password; returns a secret that it accepts, and whose url is the line's. */
  reset(): { readonly url: string; readonly user: string; readonly password: string };
  accepts(password: unknown): boolean;
  stop(): Promise<void>;
}

export async function startGate(): Promise<GateService> {
  let accepted = FIRST;
  const server = createServer(async (request, response) => {
    const given = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
    const isRight = given === `door-7:${accepted}`;
    let body = '';
    for await (const chunk of request) body += chunk;
    if (isRight && request.method === 'PUT') accepted = body;
    return response.writeHead(isRight ? 200 : 401).end();
  });
  const line = await lineTo(await listening(server));
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
