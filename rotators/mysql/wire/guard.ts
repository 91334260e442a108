import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import type { Connection } from 'mysql2';
import { internals } from './mysql2.js';
import { type PacketReader, packetReader } from './packets.js';

/** What is known of a login while it goes on, and afterwards. */
export interface Progress {
  /** Whether the password, or what proves it, has been handed over. */
  isAsked: boolean;
  /** What TLS failed with: mysql2 puts a code of its own in its place. */
  tlsError: unknown;
}

export interface TlsTarget {
  readonly secureContext: SecureContext;
  /** What the server's certificate must be for. */
  readonly name: string;
}

/**
 * Puts itself between a connection that mysql2 has just made and its socket, before the first byte has come.
 *
 * - What comes in is checked packet by packet.
 * - TLS is ours: mysql2 checks no name if the host is an address, keeps TLS sessions, which are not checked again, and goes on
 *   reading what came in the clear before TLS began, so that whoever sits in the way could be handed the password.
 *
 * @param tls `undefined`: the connection is not encrypted
 */
export function guardWire(connection: Connection, socket: Socket, tls: TlsTarget | undefined): Progress {
  const wire = internals(connection);
  const progress: Progress = { isAsked: false, tlsError: undefined };
  let reader = readerOf(connection, socket, tls ? 'the greeting' : 'all');
  const write = wire.write.bind(connection);
  wire.write = (packet) => {
    // With TLS the first packet is the one that asks for it.
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

/** Reads in mysql2's place. */
function readerOf(connection: Connection, stream: Socket, what: 'the greeting' | 'all'): PacketReader {
  const { packetParser } = internals(connection);
  let count = 0;
  const take = (packet: Buffer): void => {
    if (++count > 1 && what === 'the greeting')
      throw new Error('something comes in the clear after the greeting');
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
