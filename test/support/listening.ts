import { once } from 'node:events';
import type { Server } from 'node:net';

/** Has a server listen on 127.0.0.1, and returns its port, which was free. */
export async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (typeof address === 'string' || address === null) throw new Error('the server has no port');
  return address.port;
}
