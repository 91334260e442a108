import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import type { Connection } from 'mysql2';
import { internals } from './mysql2.js';
import { type PacketReader, packetReader } from './packets.js';

/** State of a login, during it and afterwards. */
export interface Progress {
  /** Whether the server has received the password or its proof. */
  isAsked: boolean;
  /** The error of TLS, which mysql2 replaces by another code. */
  tlsError: unknown;
}

/** TLS settings of a connection. */
export interface TlsTarget {
  readonly secureContext: SecureContext;
  /** Name that the server's certificate must be for. */
  readonly name: string;
}

/**
 * Stands between a new mysql2 connection and its socket, before the first byte arrives.
 *
 * - It checks every incoming packet.
 * - It starts TLS itself. mysql2 checks no name if the host is an address. It resumes TLS sessions without a new check. And it
 *   goes on reading unencrypted data from before TLS, so that somebody on the network path could get the password.
 *
 * @param tls `undefined` if the connection is not encrypted
 */
export function guardWire(connection: Connection, socket: Socket, tls: TlsTarget | undefined): Progress {
  const wire = internals(connection);
  const progress: Progress = { isAsked: false, tlsError: undefined };
  let reader = readerOf(connection, socket, tls ? 'the greeting' : 'all');
  const write = wire.write.bind(connection);
  wire.write = (packet) => {
    // With TLS the first packet requests it.
    progress.isAsked = tls === undefined || wire.stream !== socket;
    reader.startOver();
    write(packet);
  };
  wire.startTLS = (onSecure) => {
    if (tls === undefined) throw new Error('TLS was not to be used');
    const secure = encrypted(socket, tls);
    let isSecure = false;
    secure.once('secureConnect', () => {
      isSecure = true;
      onSecure();
    });
    secure.on('error', (error) => {
      if (isSecure) return wire._handleNetworkError(error);
      progress.tlsError = error;
      onSecure(new Error('TLS failed'));
    });
    reader = readerOf(connection, secure, 'all');
    wire.stream = secure;
  };
  return progress;
}

/** Reads from the socket in place of mysql2. */
function readerOf(connection: Connection, stream: Socket, what: 'the greeting' | 'all'): PacketReader {
  const { packetParser } = internals(connection);
  let count = 0;
  const take = (packet: Buffer): void => {
    if (++count > 1 && what === 'the greeting') throw new Error('unencrypted data follows the greeting');
    packetParser.execute(packet);
  };
  const reader = packetReader(take, () => internals(connection).sequenceId);
  stream.removeAllListeners('data');
  stream.on('data', (data: Buffer) => {
    try {
      reader.take(data);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error('unknown packet'));
    }
  });
  return reader;
}

function encrypted(socket: Socket, { secureContext, name }: TlsTarget) {
  socket.removeAllListeners('data');
  return connectTls({
    socket,
    secureContext,
    rejectUnauthorized: true,
    ...(isIP(name) === 0 && { servername: name }),
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  });
}
