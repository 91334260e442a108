import type { Client } from 'pg';
import { isRotationError, type RotationError } from '../../src/index.js';
import type { LoginOptions } from '../databases/session.js';
import { codeOf, LOGGING_IN, toFailure } from './failures.js';
import { isOfBinding, notBound, unproven } from './login-failures.js';
import { look } from './look.js';
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
  const target = { ...secret, host: options.place.host, port: options.place.port };
  const unconnected = await clientFor(secret, options, () => secret.password).catch((error: unknown) => {
    throw toFailure(error, LOGGING_IN, target, 'unconnected');
  });
  const { client, asked, scram } = unconnected;
  const heard = listenTo(client);
  const end = endOf(unconnected, options);
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
  major: number | undefined;
  /** A connection that breaks between two queries has nobody else to tell; the next query fails, and says less. */
  lost: unknown;
}

interface ParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

function listenTo(client: Client): Heard {
  const heard: Heard = { isTaken: false, iterations: undefined, major: undefined, lost: undefined };
  client.connection.on('authenticationSASLContinue', ({ data }: { readonly data: string }) => {
    heard.iterations = Number(/(?:^|,)i=(\d{1,9})(?:,|$)/.exec(data)?.[1]);
  });
  client.connection.on('parameterStatus', ({ parameterName, parameterValue }: ParameterStatus) => {
    if (parameterName === 'server_version') heard.major = Number.parseInt(parameterValue, 10) || undefined;
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
    major: heard.major,
    processId: (client as Client & { readonly processID?: unknown }).processID,
    port: socket.localPort,
    assertOpen,
    async query(sql) {
      assertOpen();
      try {
        const statement = { text: sql, query_timeout: limitMs() };
        return (await client.query<Record<string, unknown>>(statement)).rows;
      } catch (error) {
        // Whatever came next would wait behind the statement that nobody answers. The server rolls back.
        if (isUnanswered(error)) {
          heard.lost ??= error;
          socket.destroy();
        }
        throw error;
      }
    },
    escapeIdentifier: (name) => client.escapeIdentifier(name),
    escapeLiteral: (text) => client.escapeLiteral(text),
  };
}

function isUnanswered(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

/** Asks whose session it is. */
export async function ask(session: Session): Promise<void> {
  try {
    const [row] = await look(session, `SELECT ${identityColumns(session)}`);
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
  const unconnected = await clientFor(secret, options, hangUp).catch(() => undefined);
  if (!unconnected) return undefined;
  const { client, socket, asked } = unconnected;
  client.on('error', () => {});
  await client.connect().catch(() => {});
  socket.destroy();
  const [form] = asked;
  return form;
}
