import { once } from 'node:events';
import { createServer } from 'node:net';
import { listening } from './listening.js';

/** A port of 127.0.0.1 for a program that cannot say which one it has taken. */
export async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await once(server.close(), 'close');
  return port;
}
