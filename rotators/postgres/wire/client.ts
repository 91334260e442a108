import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import type { Client, ClientConfig, Connection } from 'pg';
import { tlsContext } from '../../../src/index.js';
import type { LoginOptions } from '../../databases/session.js';
import type { PostgresSecret } from '../secret.js';
import type { PasswordForm } from '../session.js';
import type { Line } from './dial.js';
import { inMessages } from './messages.js';
import { type ScramProgress, speakScram } from './scram.js';

/** A client that has a connection, but has not logged in yet. */
export interface Unconnected extends Line {
  readonly client: Client;
  /** Forms in which the server has asked for the password so far. */
  readonly asked: ReadonlySet<PasswordForm>;
  readonly scram: Readonly<ScramProgress>;
}

/**
 * Connects, and makes a pg client that ignores the environment, and accepts only messages that pg handles safely.
 *
 * @param lineTo connects to the server
 * @param password called when the server asks for the password
 * @param off settings to set to 0, whatever the role has
 */
export async function clientFor(
  secret: Omit<PostgresSecret, 'password'>,
  options: LoginOptions,
  lineTo: () => Promise<Line>,
  password: () => string | Promise<string>,
  off: readonly string[] = [],
): Promise<Unconnected> {
  const { Client } = await import('pg');
  options.signal.throwIfAborted();
  const line = await lineTo();
  const { socket } = line;
  // pg would connect the socket again.
  Object.assign(socket, { connect: () => queueMicrotask(() => socket.emit('connect')) });
  const asked = new Set<PasswordForm>();
  const client = new Client({ ...configOf(secret, options, socket), password: passwordFor });
  harden(client, off);
  const scram = speakScram(client, passwordFor, options.channelBinding);
  client.connection.on('authenticationSASL', () => asked.add('scram'));
  client.connection.on('authenticationMD5Password', () => asked.add('md5'));
  client.connection.on('authenticationCleartextPassword', () => asked.add('clear text'));
  return { ...line, client, asked, scram };

  /** Called by pg when the server asks for a password, in any form. */
  function passwordFor(): string | Promise<string> {
    const isInClear = asked.has('clear text') && !isEncrypted(secret, options);
    if (isInClear) throw new Error('password in clear text asked for');
    return password();
  }
}

/** A Unix socket does not leave the machine, and PostgreSQL offers no TLS on it. */
function isEncrypted({ ssl }: Pick<PostgresSecret, 'ssl'>, { place }: LoginOptions): boolean {
  return ssl && !place.host.startsWith('/');
}

/** Sets every option that pg would otherwise take from the environment (PGSSLMODE, PGCLIENTENCODING …). */
function configOf(
  { username, dbname, ...secret }: Omit<PostgresSecret, 'password'>,
  options: LoginOptions,
  socket: Socket,
): ClientConfig {
  const { host, port, servername } = options.place;
  const ssl = isEncrypted(secret, options);
  return {
    host,
    port,
    user: username,
    database: dbname,
    // Never omit it with TLS: pg would send everything in clear text.
    ssl: ssl && {
      secureContext: tlsContext(options.ca, options.clientCertificate),
      rejectUnauthorized: true,
      checkServerIdentity: (name, certificate) => checkServerIdentity(servername ?? name, certificate),
    },
    sslnegotiation: 'postgres',
    stream: () => socket,
    connectionTimeoutMillis: options.limitMs(),
    client_encoding: 'UTF8',
    application_name: 'quarterturn',
  };
}

/** Parts of pg 8 that have no option. */
interface Internals {
  readonly connectionParameters: { options: unknown; replication: unknown };
  readonly connection: Connection & { attachListeners(stream: Pick<Duplex, 'on'>): void };
}

function harden(client: Client, off: readonly string[]): void {
  const { connection, connectionParameters } = client as Client & Internals;
  // PGOPTIONS and PGREPLICATION would change the session.
  const options = off.map((setting) => `-c ${setting}=0`).join(' ') || undefined;
  Object.assign(connectionParameters, { options, replication: undefined });
  // For an unknown request (GSS, SSPI) the parser of `pg` throws where no caller can catch it.
  const attachListeners = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    const on = (event: string, listener: (...args: unknown[]) => void) =>
      stream.on(event, event === 'data' ? guarded(inMessages(listener), stream) : listener);
    attachListeners({ on } as Pick<Duplex, 'on'>);
  };
}

function guarded(listener: (data: Buffer) => void, stream: Pick<Duplex, 'on'>) {
  return (data: Buffer): void => {
    try {
      listener(data);
    } catch (error) {
      (stream as Duplex).destroy(error instanceof Error ? error : new Error('unknown message'));
    }
  };
}
