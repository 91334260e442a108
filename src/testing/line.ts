import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way to a service over TCP, on a port of its own, which a test can cut or break. */
export interface Line {
  readonly host: string;
  readonly port: number;
  /** Connections are closed at once, until `mend`. */
  cut(): void;
  /**
   * Breaks all connections at the n-th message from now that a client sends: before the service gets it, or after the
   * service has begun to answer, of which the client hears nothing.
   */
  breakAt(n: number, when: 'before' | 'after'): void;
  /** Lets all through again; says whether it has been broken. */
  mend(): boolean;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, and passes all on to a service on this machine. */
export async function lineTo(port: number, host = '127.0.0.1'): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let left = Number.POSITIVE_INFINITY;
  let when: 'before' | 'after' = 'before';
  let isBroken = false;

  const breakAll = (): void => {
    isBroken = true;
    for (const socket of sockets) socket.destroy();
  };
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    // A connection that breaks is what this is for.
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    return socket;
  };
  const server = createServer((client) => {
    keep(client);
    if (isCut) return client.destroy();
    const service = keep(connect(port, host));
    client.once('close', () => service.destroy());
    service.once('close', () => client.destroy());
    client.on('data', (message) => {
      left -= 1;
      if (left === 0 && when === 'before') return breakAll();
      service.write(message);
      return undefined;
    });
    service.on('data', (answer) => (left <= 0 && when === 'after' ? breakAll() : client.write(answer)));
    return undefined;
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    breakAt(n, moment) {
      [left, when, isBroken] = [n, moment, false];
    },
    mend() {
      [isCut, left] = [false, Number.POSITIVE_INFINITY];
      return isBroken;
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
