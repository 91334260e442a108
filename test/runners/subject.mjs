/** The README's gate behind a line, for a test runner that is not this project's own. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { lineTo } from 'quarterturn/testing';
import { gate } from './gate.mjs';

const FIRST = 'frst-9Kx2-7bqw';

/** @returns the subject, and what ends it */
export async function startSubject() {
  const door = { password: FIRST };
  const server = createServer(async (request, response) => {
    const given = Buffer.from(request.headers.authorization?.slice(6) ?? '', 'base64').toString();
    const isRight = given === `door-7:${door.password}`;
    let body = '';
    for await (const chunk of request) body += chunk;
    if (isRight && request.method === 'PUT') door.password = body;
    response.writeHead(isRight ? 200 : 401).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const line = await lineTo(server.address().port);
  return {
    subject: {
      rotator: gate,
      reset() {
        door.password = FIRST;
        return { url: `http://${line.host}:${line.port}`, user: 'door-7', password: FIRST };
      },
      accepts: ({ password }) => password === door.password,
      line: () => line,
    },
    async stop() {
      await line.close();
      server.close();
    },
  };
}
