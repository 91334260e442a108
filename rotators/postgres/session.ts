import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity } from 'node:tls';
import type { Client, ClientConfig, Connection } from 'pg';
import { type ClientCertificate, RotationError, tlsContext } from '../../src/index.js';
import { codeOf, LOGGING_IN, toFailure } from './failures.js';
import { inMessages } from './messages.js';
import { type PostgresSecret, placeName } from './secret.js';

/** A session with the server, in which the server has asked for the password and has taken it. */
export interface Session {
  /** How the server asked for the password. */
  readonly form: PasswordForm;
  /** The iterations of the user's SCRAM verifier, if the server asked for it so. */
  readonly iterations: number | undefined;
  /** The process that let the client in, as it says itself. */
  readonly processId: unknown;
  /** The port of our end; undefined on a Unix socket. */
  readonly port: number | undefined;
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Throws what has ended the session, if something has: then nothing can be sent any more. */
  assertOpen(): void;
  escapeIdentifier(name: string): string;
  escapeLiteral(text: string): string;
  end(): Promise<void>;
}

/**
 * How a server asks for a password. `scram`: it holds a SCRAM verifier, or knows no such user. `md5`: it holds an MD5 one.
 * `clear text`: it may hold either.
 */
export type PasswordForm = 'scram' | 'md5' | 'clear text';

/** Where to connect, if not where the secret says. What is absent is as the secret has it. */
export interface Endpoint {
  /** A name, an IPv4 or IPv6 address, or the folder of a Unix socket, which begins with `/` and does without TLS. */
  readonly host?: string;
  readonly port?: number;
  /** The name that the server's certificate must be for. @default the host that is connected to */
  readonly servername?: string;
}

export interface LoginOptions {
  /** Certificate authorities, PEM. */
  readonly ca: string | readonly string[] | undefined;
  readonly clientCertificate?: ClientCertificate | undefined;
  readonly endpoint?: Endpoint;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Makes names mean what they mean in PostgreSQL, until the transaction ends: by its `search_path` the owner of a
 * database could give a function, or the `=` between two values, a meaning of his own, and run it as the administrator.
 */
export const PIN_NAMES = 'SET LOCAL search_path = pg_catalog, pg_temp';

/** More iterations of SCRAM than anybody asks for, and as many as take half a second. pg itself stops at 100,000. */
export const MAX_ITERATIONS = 1_000_000;

/**
 * Logs in as an application would. Only invalid_password (28P01), said before the server has taken a password, is a
 * refusal.
 *
 * @returns a RotationError if the login ended otherwise after the server had asked for the password and before it had
 *   taken one. That is inconclusive: poolers refuse wrong passwords with other codes, so another password may work.
 * @throws RotationError for what no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the server lets the
 *   user in without asking for one
 */
export async function login(
  secret: PostgresSecret,
  options: LoginOptions,
): Promise<Session | 'rejected' | RotationError> {
  const { Client } = await import('pg');
  options.signal.throwIfAborted();
  const socket = new Socket();
  const asked = new Set<PasswordForm>();
  let isTaken = false;
  let iterations: number | undefined;
  const { servername, ...place } = options.endpoint ?? {};
  const target = { ...secret, ...place };
  const client = new Client(configOf(target, servername, options, socket, asked));
  harden(client);
  notingForm(client, asked);
  client.connection.on('authenticationSASLContinue', ({ data }: { readonly data: string }) => {
    iterations = Number(/(?:^|,)i=(\d{1,9})(?:,|$)/.exec(data)?.[1]);
  });
  client.connection.on('authenticationOk', () => {
    isTaken = true;
  });
  // A connection that breaks between two queries has nobody else to tell; the next query fails, and says less.
  let lost: unknown;
  client.on('error', (error) => {
    lost ??= error;
  });
  const abort = () => socket.destroy(Object.assign(new Error('timeout expired'), { code: 'ETIMEDOUT' }));
  options.signal.addEventListener('abort', abort, { once: true });
  const end = async (): Promise<void> => {
    options.signal.removeEventListener('abort', abort);
    // A server that does not say goodbye is not waited for.
    const timer = setTimeout(() => socket.destroy(), 1000);
    await client.end().finally(() => clearTimeout(timer));
  };
  const assertOpen = (): void => {
    options.signal.throwIfAborted();
    if (lost !== undefined) throw lost;
  };
  try {
    await client.connect();
  } catch (error) {
    await end();
    if (codeOf(error) === '28P01' && !isTaken) return 'rejected';
    const failure = toFailure(error, LOGGING_IN, target);
    const isInconclusive = asked.size > 0 && !isTaken && !options.signal.aborted;
    if (isInconclusive) return failure;
    throw failure;
  }
  const [form] = asked;
  if (form === undefined) {
    await end();
    throw unproven(target);
  }
  return {
    form,
    iterations,
    processId: processIdOf(client),
    port: socket.localPort,
    assertOpen,
    async query(sql) {
      assertOpen();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    },
    escapeIdentifier: (name) => client.escapeIdentifier(name),
    escapeLiteral: (text) => client.escapeLiteral(text),
    end,
  };
}

/**
 * Asks how the server would have a user prove the password, and hangs up instead of sending one: the server counts no
 * failed login. `undefined` if it did not say.
 */
export async function formAskedOf(
  secret: Omit<PostgresSecret, 'password'>,
  options: LoginOptions,
): Promise<PasswordForm | undefined> {
  const { Client } = await import('pg');
  options.signal.throwIfAborted();
  const socket = new Socket();
  const asked = new Set<PasswordForm>();
  const { servername, ...place } = options.endpoint ?? {};
  const target = { ...secret, ...place, password: '' };
  const client = new Client({
    ...configOf(target, servername, options, socket, asked),
    password: () => Promise.reject(new Error('hangs up')),
  });
  harden(client);
  notingForm(client, asked);
  client.on('error', () => {});
  await client.connect().catch(() => {});
  socket.destroy();
  const [form] = asked;
  return form;
}

function notingForm({ connection }: Client, asked: Set<PasswordForm>): void {
  connection.on('authenticationSASL', () => asked.add('scram'));
  connection.on('authenticationMD5Password', () => asked.add('md5'));
  connection.on('authenticationCleartextPassword', () => asked.add('clear text'));
}

function processIdOf(client: Client): unknown {
  return (client as Client & { readonly processID?: unknown }).processID;
}

/** Names all that pg would otherwise take from the environment (PGSSLMODE, PGCLIENTENCODING …). */
function configOf(
  { host, port, username, password, dbname, ...secret }: PostgresSecret,
  servername: string | undefined,
  { ca, clientCertificate, timeoutMs }: LoginOptions,
  socket: Socket,
  asked: ReadonlySet<string>,
): ClientConfig & { readonly scramMaxIterations: number } {
  // A Unix socket does not leave the machine, and PostgreSQL offers no TLS on it.
  const ssl = secret.ssl && !host.startsWith('/');
  return {
    host,
    port,
    user: username,
    database: dbname,
    // pg calls it when the server asks for a password, in whatever form.
    password() {
      if (asked.has('clear text') && !ssl) throw new Error('password in clear text asked for');
      return password;
    },
    // Never absent: then pg would send everything in the clear.
    ssl: ssl && {
      secureContext: tlsContext(ca, clientCertificate),
      rejectUnauthorized: true,
      checkServerIdentity: (name, certificate) => checkServerIdentity(servername ?? name, certificate),
    },
    sslnegotiation: 'postgres',
    enableChannelBinding: ssl,
    scramMaxIterations: MAX_ITERATIONS,
    stream: () => socket,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    client_encoding: 'UTF8',
    application_name: 'quarterturn',
  };
}

/** What pg 8 leaves no option for. */
interface Internals {
  readonly connectionParameters: { options: unknown; replication: unknown };
  readonly connection: Connection & { attachListeners(stream: Pick<Duplex, 'on'>): void };
}

function harden(client: Client): void {
  const { connection, connectionParameters } = client as Client & Internals;
  // PGOPTIONS and PGREPLICATION would change what the session is.
  Object.assign(connectionParameters, { options: undefined, replication: undefined });
  // Of a request that it does not know (GSS, SSPI) pg's parser throws, out of reach of all who wait for it.
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

function unproven({ username, ...place }: PostgresSecret): RotationError {
  return new RotationError(
    'ERR_CREDENTIAL_UNPROVEN',
    `${placeName(place)} let "${username}" in without asking for the password`,
    {
      hint:
        'pg_hba.conf says trust, peer, ident or cert for this user and address: any password would seem to work; ' +
        'make it scram-sha-256',
    },
  );
}
