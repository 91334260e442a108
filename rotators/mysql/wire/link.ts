import { Socket } from 'node:net';
import type { Connection, ConnectionOptions } from 'mysql2';
import { type ClientCertificate, loadDriver, tlsContext } from '../../../src/index.js';
import type { Flavour, Target } from '../failures.js';
import { authPluginsFor } from './auth-plugins.js';
import { guardWire, type Progress } from './guard.js';
import { ask, internals, type Row } from './mysql2.js';

/** Server, user and password of a login. */
export interface MysqlTarget extends Target {
  readonly password: string;
  /** `false` only if the secret says `"ssl": false`. The connection is then not encrypted. */
  readonly ssl: boolean;
}

export interface LoginOptions {
  /** Where to connect. A Unix socket's path begins with `/`. `servername`: the certificate's name, if not the host's. */
  readonly place: { readonly host: string; readonly port: number; readonly servername: string | undefined };
  /** Certificate authorities, in PEM; `undefined`: the defaults of `tlsContext()`. */
  readonly ca: string | readonly string[] | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** RSA key, in PEM, that encrypts a caching_sha2_password where there is no TLS. */
  readonly serverPublicKey?: string | undefined;
  /** Returns how long a login or a statement may take if it begins now, in milliseconds. */
  limitMs(): number;
  /** Aborts when the step's time is up. */
  readonly signal: AbortSignal;
}

/** A connection of mysql2, with a time limit for everything. */
export interface Link {
  /** Settles when the server lets us in or refuses. */
  readonly opened: Promise<unknown>;
  readonly progress: Progress;
  /** Returns the server's number of the connection, once it is open. */
  connectionId(): number;
  flavour(): Flavour;
  query(sql: string): Promise<readonly Row[]>;
  assertOpen(): void;
  end(): Promise<void>;
}

/**
 * Capabilities to turn off that mysql2 requests by default: the server could fetch files, answer more than once, or parse
 * statements differently.
 */
const UNWANTED = ['LOCAL_FILES', 'MULTI_RESULTS', 'IGNORE_SPACE', 'FOUND_ROWS', 'ODBC'];

/** Connects, and begins to log in. */
export async function connect(target: MysqlTarget, options: LoginOptions): Promise<Link> {
  const { default: driver } = await loadDriver(
    'mysql2@^3.24.6',
    () => import('mysql2'),
    // Our use of its internals works since 3.24, which also added this.
    (found) => 'TypedParameter' in found.default,
  );
  // Named exports differ between Node.js and bundles.
  const { createConnection, authPlugins } = driver;
  options.signal.throwIfAborted();
  const { host, port, servername = host } = options.place;
  // A Unix socket does not leave the machine.
  const isLocal = host.startsWith('/');
  const secureContext =
    target.ssl && !isLocal ? tlsContext(options.ca, options.clientCertificate) : undefined;
  const socket = new Socket();
  const connection = createConnection({
    ...configOf(target, options),
    stream: () => socket,
    // Never omit it with TLS: mysql2 would send everything in clear text.
    ...(secureContext && { ssl: { rejectUnauthorized: true } }),
    authPlugins: authPluginsFor(
      target.password,
      { isEncrypted: secureContext !== undefined || isLocal, serverPublicKey: options.serverPublicKey },
      authPlugins,
    ),
  });
  // DBAs see this name. It replaces mysql2's own attributes.
  Object.assign(connection.config, { connectAttributes: { program_name: 'quarterturn' } });
  const progress = guardWire(connection, socket, secureContext && { secureContext, name: servername });
  socket.setNoDelay(true);
  socket.connect(isLocal ? { path: host } : { host, port });
  return linkOf(connection, socket, progress, options);
}

/** Sets every option that mysql2 would otherwise choose. */
function configOf({ username, password, dbname }: MysqlTarget, { limitMs }: LoginOptions): ConnectionOptions {
  return {
    user: username,
    password,
    ...(dbname !== undefined && { database: dbname }),
    connectTimeout: limitMs(),
    charset: 'UTF8MB4_BIN',
    flags: UNWANTED.map((flag) => `-${flag}`),
    multipleStatements: false,
    // Otherwise mysql2 makes code from column names, and parses JSON, dates and numbers.
    disableEval: true,
    jsonStrings: true,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
  };
}

function linkOf(
  connection: Connection,
  socket: Socket,
  progress: Progress,
  { signal, limitMs }: LoginOptions,
): Link {
  // Keeps the error of a connection that breaks between two statements: the next statement's own error says less.
  let lost: unknown;
  const opened = new Promise((resolve, reject) => {
    connection.once('connect', resolve);
    connection.on('error', (error) => {
      lost ??= error;
      reject(error);
    });
  });
  const abort = () => socket.destroy(timedOut());
  signal.addEventListener('abort', abort, { once: true });
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => setImmediate(resolve));
  });
  // mysql2 does not reject every pending statement.
  const isLost = closed.then(() => {
    lost ??= Object.assign(new Error('closed'), { code: 'PROTOCOL_CONNECTION_LOST' });
    throw lost;
  });
  isLost.catch(() => {});
  const assertOpen = (): void => {
    signal.throwIfAborted();
    if (lost !== undefined) throw lost;
    if (socket.destroyed) throw new Error('the connection is closed');
  };
  return {
    opened: Promise.race([opened, isLost]),
    progress,
    connectionId: () => connection.threadId,
    flavour: () => (internals(connection)._isMariaDB ? 'mariadb' : 'mysql'),
    assertOpen,
    async query(sql) {
      assertOpen();
      const timer = setTimeout(() => socket.destroy(timedOut()), limitMs());
      return Promise.race([ask(connection, sql), isLost]).finally(() => clearTimeout(timer));
    },
    async end() {
      signal.removeEventListener('abort', abort);
      // Do not wait for a server that does not close the connection.
      const timer = setTimeout(() => socket.destroy(), 1000);
      if (lost === undefined && connection.authorized) connection.end();
      else socket.destroy();
      await closed;
      clearTimeout(timer);
    },
  };
}

function timedOut(): Error {
  return Object.assign(new Error('timeout expired'), { code: 'ETIMEDOUT' });
}
