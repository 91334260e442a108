import { login, type Session } from '../../rotators/mysql/session.js';
import type { LoginOptions, MysqlTarget } from '../../rotators/mysql/wire/link.js';
import { isRotationError, type RotationError } from '../../src/index.js';
import type { TestServer } from './mysql-servers.js';
import { certificate } from './postgres.js';

export interface LoginChanges extends Partial<Pick<MysqlTarget, 'ssl' | 'dbname'>> {
  readonly host?: string;
  readonly port?: number;
  readonly servername?: string;
  readonly ca?: LoginOptions['ca'];
  readonly clientCertificate?: LoginOptions['clientCertificate'];
  /** With which a password is encrypted where there is no TLS. */
  readonly serverPublicKey?: string | undefined;
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
}

/** Logs in with our own login(), over TLS to the name that the server's certificate is for if nothing else is said. */
export async function logIn(
  { port }: Pick<TestServer, 'port'>,
  username: string,
  password: string,
  changes: LoginChanges = {},
): Promise<Session | 'rejected' | RotationError> {
  const { ssl = true, dbname, host = 'localhost', servername, limitMs = 5000 } = changes;
  const place = { host, port: changes.port ?? port, servername };
  const secret = { host, port: place.port, username, password, ssl, dbname };
  return login(secret, {
    place,
    ca: 'ca' in changes ? changes.ca : await certificate('ca.pem'),
    clientCertificate: changes.clientCertificate,
    serverPublicKey: changes.serverPublicKey,
    limitMs: () => limitMs,
    signal: changes.signal ?? AbortSignal.timeout(30_000),
  });
}

/** Runs something in a session of a user's. */
export async function inSession<T>(
  server: Pick<TestServer, 'port'>,
  [username, password]: readonly [username: string, password: string],
  work: (session: Session) => Promise<T>,
  changes?: LoginChanges,
): Promise<T> {
  const session = await logIn(server, username, password, changes);
  if (session === 'rejected' || isRotationError(session))
    throw new Error(`not logged in: ${String(session)}`);
  try {
    return await work(session);
  } finally {
    await session.end();
  }
}

/** What a login ends with: `'in'` for a session, which is ended; an error that was returned or thrown. */
export async function endOf(
  ...parameters: Parameters<typeof logIn>
): Promise<'in' | 'rejected' | RotationError> {
  const session = await logIn(...parameters).catch((error: unknown) => {
    if (isRotationError(error)) return error;
    throw error;
  });
  if (session === 'rejected' || isRotationError(session)) return session;
  await session.end();
  return 'in';
}
