import { Socket } from 'node:net';
import type { Connection, ConnectionOptions } from 'mysql2';
import { type ClientCertificate, loadDriver, tlsContext } from '../../../src/index.js';
import type { Flavour, Target } from '../failures.js';
import { authPluginsFor } from './auth-plugins.js';
import { guardWire, type Progress } from './guard.js';
import { ask, internals, type Row } from './mysql2.js';

/** Whom to log in as. */
export interface MysqlTarget extends Target {
  readonly password: string;
  /** False only if the secret says `"ssl": false`: then the connection is not encrypted. */
  readonly ssl: boolean;
}

export interface LoginOptions {
  /** Where to connect: a Unix socket's path begins with `/`. `servername`: what the certificate must be for, if not for host. */
  readonly place: { readonly host: string; readonly port: number; readonly servername: string | undefined };
  /** Certificate authorities, PEM; `undefined`: those that `tlsContext()` takes then. */
  readonly ca: string | readonly string[] | undefined;
  readonly clientCertificate: ClientCertificate | undefined;
  /** With which a caching_sha2_password is encrypted where there is no TLS, PEM. */
  readonly serverPublicKey?: string | undefined;
  /** How long the login, or a statement in the session, may take if it begins now, in milliseconds. */
  limitMs(): number;
  /** Fires when the step's time is up: whatever waits ends then. */
  readonly signal: AbortSignal;
}

/** A connection that mysql2 speaks on, and that ends when it should. */
export interface Link {
  /** Settles when the server has let us in, or has not. */
  readonly opened: Promise<unknown>;
  readonly progress: Progress;
  /** The number that the server has given the connection, once it is open. */
  connectionId(): number;
  flavour(): Flavour;
  query(sql: string): Promise<readonly Row[]>;
  assertOpen(): void;
  end(): Promise<void>;
}

/**
 * What mysql2 asks for by default and is not wanted: that the server may fetch files, answer more than once, or read
 * statements in another way.
 */
const UNWANTED = ['LOCAL_FILES', 'MULTI_RESULTS', 'IGNORE_SPACE', 'FOUND_ROWS', 'ODBC'];

/** Connects, and begins to log in. */
export async function connect(target: MysqlTarget, options: LoginOptions): Promise<Link> {
  const { default: driver } = await loadDriver(
    'mysql2@^3.24.6',
    () => import('mysql2'),
    // What is asked of its insides is there since 3.24, and so is this.
    (found) => 'TypedParameter' in found.default,
  );
  // What it exports by name depends on who loads it: Node.js, or a bundle.
  const { createConnection, authPlugins } = driver;
  options.signal.throwIfAborted();
  const { host, port, servername = host } = options.place;
  // What is sent there does not leave the machine.
  const isLocal = host.startsWith('/');
  const secureContext =
    target.ssl && !isLocal ? tlsContext(options.ca, options.clientCertificate) : undefined;
  const socket = new Socket();
  const connection = createConnection({
    ...configOf(target, options),
    stream: () => socket,
    // Never absent where TLS is wanted: mysql2 would send everything in the clear.
    ...(secureContext && { ssl: { rejectUnauthorized: true } }),
    authPlugins: authPluginsFor(
      target.password,
      { isEncrypted: secureContext !== undefined || isLocal, serverPublicKey: options.serverPublicKey },
      authPlugins,
    ),
  });
  // For DBAs. What mysql2 says of itself is left away.
  Object.assign(connection.config, { connectAttributes: { program_name: 'quarterturn' } });
  const progress = guardWire(connection, socket, secureContext && { secureContext, name: servername });
  socket.setNoDelay(true);
  socket.connect(isLocal ? { path: host } : { host, port });
  return linkOf(connection, socket, progress, options);
}

/** Names all that mysql2 would otherwise choose. */
function configOf({ username, password, dbname }: MysqlTarget, { limitMs }: LoginOptions): ConnectionOptions {
  return {
    user: username,
    password,
    ...(dbname !== undefined && { database: dbname }),
    connectTimeout: limitMs(),
    charset: 'UTF8MB4_BIN',
    flags: UNWANTED.map((flag) => `-${flag}`),
    multipleStatements: false,
    // Else it makes code of the names of columns, and JSON, dates and numbers of what they hold.
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
  // A connection that breaks between two statements has nobody else to tell; the next one fails, and says less.
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
  // mysql2 does not tell everybody who waits.
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
      // A server that does not say goodbye is not waited for.
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
