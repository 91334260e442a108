import type { Client } from 'pg';
import { isRotationError, RotationError } from '../../src/index.js';
import { placeName } from '../databases/secret.js';
import type { LoginOptions } from '../databases/session.js';
import { codeOf, LOGGING_IN, toFailure } from './failures.js';
import type { PostgresSecret } from './secret.js';
import type { PasswordForm, Session } from './session.js';
import { identityColumns, wayOf } from './way.js';
import { clientFor, type Unconnected } from './wire/client.js';

/**
 * Logs in as an application would. Only invalid_password (28P01), said before the server has taken a password, is a
 * refusal.
 *
 * @returns a RotationError if the login ended otherwise after the server had asked for the password and before it had
 *   taken one. That is inconclusive: poolers refuse wrong passwords with other codes, so another password may work.
 * @throws RotationError for what no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the server lets the
 *   user in without asking for one
 */
export async function logIn(
  secret: PostgresSecret,
  options: LoginOptions,
): Promise<Session | 'rejected' | RotationError> {
  const unconnected = await clientFor(secret, options, () => secret.password);
  const { client, asked, scram } = unconnected;
  const heard = listenTo(client);
  const end = endOf(unconnected, options);
  const target = { ...secret, host: options.place.host, port: options.place.port };
  try {
    await client.connect();
  } catch (error) {
    await end();
    if (codeOf(error) === '28P01' && !heard.isTaken) return 'rejected';
    if (scram.isBound && !heard.isTaken && isOfBinding(error)) throw notBound(target, error);
    const failure = toFailure(error, LOGGING_IN, target);
    const isInconclusive = asked.size > 0 && !heard.isTaken && !options.signal.aborted;
    if (isInconclusive) return failure;
    throw failure;
  }
  const [form] = asked;
  if (form === undefined) {
    await end();
    throw unproven(target);
  }
  return { ...sessionOf(unconnected, heard, options), target: secret, form, end };
}

/** What a server and a connection say while nobody waits for it. */
interface Heard {
  isTaken: boolean;
  iterations: number | undefined;
  /** A connection that breaks between two queries has nobody else to tell; the next query fails, and says less. */
  lost: unknown;
}

function listenTo(client: Client): Heard {
  const heard: Heard = { isTaken: false, iterations: undefined, lost: undefined };
  client.connection.on('authenticationSASLContinue', ({ data }: { readonly data: string }) => {
    heard.iterations = Number(/(?:^|,)i=(\d{1,9})(?:,|$)/.exec(data)?.[1]);
  });
  client.connection.on('authenticationOk', () => {
    heard.isTaken = true;
  });
  client.on('error', (error) => {
    heard.lost ??= error;
  });
  return heard;
}

/** Breaks the connection off when the step's time is up. Returns what ends it before. */
function endOf({ client, socket }: Unconnected, { signal }: LoginOptions): () => Promise<void> {
  const abort = () => socket.destroy(Object.assign(new Error('timeout expired'), { code: 'ETIMEDOUT' }));
  signal.addEventListener('abort', abort, { once: true });
  return async () => {
    signal.removeEventListener('abort', abort);
    // A server that does not say goodbye is not waited for.
    const timer = setTimeout(() => socket.destroy(), 1000);
    await client.end().finally(() => clearTimeout(timer));
  };
}

function sessionOf(
  { client, socket }: Unconnected,
  heard: Heard,
  { place, limitMs, signal }: LoginOptions,
): Omit<Session, 'target' | 'form' | 'end'> {
  const assertOpen = (): void => {
    signal.throwIfAborted();
    if (heard.lost !== undefined) throw heard.lost;
  };
  return {
    place,
    limitMs,
    signal,
    iterations: heard.iterations,
    processId: (client as Client & { readonly processID?: unknown }).processID,
    port: socket.localPort,
    assertOpen,
    async query(sql) {
      assertOpen();
      return (await client.query<Record<string, unknown>>(sql)).rows;
    },
    escapeIdentifier: (name) => client.escapeIdentifier(name),
    escapeLiteral: (text) => client.escapeLiteral(text),
  };
}

/** Asks whose session it is. */
export async function ask(session: Session): Promise<void> {
  try {
    const [row] = await session.query(`SELECT ${identityColumns(session)}`);
    wayOf(row, session);
  } catch (error) {
    throw isRotationError(error) ? error : toFailure(error, 'ask whose session it is', session.target);
  }
}

/**
 * Asks how the server would have a user prove the password, and hangs up instead of sending one: the server counts no
 * failed login. `undefined` if it did not say.
 */
export async function formAskedOf(
  secret: Omit<PostgresSecret, 'password'>,
  options: LoginOptions,
): Promise<PasswordForm | undefined> {
  const hangUp = () => Promise.reject(new Error('hangs up'));
  const { client, socket, asked } = await clientFor(secret, options, hangUp);
  client.on('error', () => {});
  await client.connect().catch(() => {});
  socket.destroy();
  const [form] = asked;
  return form;
}

/** At this place in a login, servers say so of nothing else: that the certificates differ, or that they know no hash of theirs. */
function isOfBinding(error: unknown): boolean {
  return ['28000', 'XX000'].includes(codeOf(error));
}

function notBound({ username, ...place }: PostgresSecret, cause: unknown): RotationError {
  return new RotationError(
    'ERR_LOGIN_NOT_ALLOWED',
    `${placeName(place)} did not let "${username}" in: the certificate that the function sees is not the server’s own, or the ` +
      `server cannot bind a login to it (channel binding, SQLSTATE ${codeOf(cause)})`,
    {
      hint:
        'a proxy that ends TLS stands there, or somebody in the middle whose certificate is trusted here. Connect past it with ' +
        'the option `connectTo`. Only if it is a proxy of your own, turn channel binding off, with the option ' +
        '`channelBinding: false` or CHANNEL_BINDING=false',
      cause,
    },
  );
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
