import type { Client } from 'pg';
import { errorParts, isRotationError, type RotationError } from '../../src/index.js';
import type { LoginOptions } from '../databases/session.js';
import { codeOf, LOGGING_IN, toFailure } from './failures.js';
import { isOfBinding, notBound, unproven } from './login-failures.js';
import { look } from './look.js';
import type { PostgresSecret } from './secret.js';
import { ENDED_BY, type Session } from './session.js';
import { identityColumns, wayOf } from './way.js';
import { clientFor, type Unconnected } from './wire/client.js';
import { dial } from './wire/dial.js';
import { type Heard, listenTo } from './wire/heard.js';

/**
 * Logs in as an application would. Only invalid_password (28P01) is a refusal, and only before the server has taken a password.
 *
 * @param off settings to set to 0, whatever the role has
 * @returns a RotationError if the login ended in another way after the server asked for the password and before it took one.
 *   That is inconclusive: poolers refuse wrong passwords with other codes, so another password may work
 * @throws RotationError for a failure that no other password would change, and `ERR_CREDENTIAL_UNPROVEN` if the server
 *   lets the user in without asking for a password
 */
export async function logIn(
  secret: PostgresSecret,
  options: LoginOptions,
  off: readonly string[] = [],
): Promise<Session | 'rejected' | RotationError> {
  const until = performance.now() + options.limitMs();
  const within = { ...options, limitMs: () => Math.max(1, Math.ceil(until - performance.now())) };
  const silent = new Set<string>();
  for (;;) {
    const line = () =>
      dial(within, silent).catch((error: unknown) => {
        throw toFailure(error, LOGGING_IN, targetOf(secret, options), 'unconnected');
      });
    const unconnected = await clientFor(secret, within, line, () => secret.password, off);
    // An address that does not ask for the password in time leaves time for the others.
    const { socket, hasOthers, asked } = unconnected;
    const hangUp = () => asked.size === 0 && socket.destroy();
    const timer = hasOthers ? setTimeout(hangUp, within.limitMs() / 2) : undefined;
    const session = await logInThere(secret, unconnected, options, off).finally(() => clearTimeout(timer));
    if (session !== 'silent') return session;
    silent.add(unconnected.address);
  }
}

/** Whether nobody answers there, or the server is not ready: another address may work. */
function isAway(error: unknown, { bytesRead }: Unconnected['socket']): boolean {
  const { code, message } = errorParts(error);
  return (
    bytesRead === 0 ||
    ['57P03', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'].includes(code) ||
    (code === '' && /^timeout expired$|Connection terminated/.test(message))
  );
}

/** Returns the secret with the host and port that the function connects to. */
function targetOf(secret: PostgresSecret, { place: { host, port } }: LoginOptions): PostgresSecret {
  return { ...secret, host, port };
}

/**
 * Logs in at one address.
 *
 * @returns `'silent'` if nobody there asked for a password, so none was sent, and the host has other addresses
 */
async function logInThere(
  secret: PostgresSecret,
  unconnected: Unconnected,
  options: LoginOptions,
  off: readonly string[],
): Promise<Session | 'rejected' | 'silent' | RotationError> {
  const { client, socket, hasOthers, asked, scram } = unconnected;
  const target = targetOf(secret, options);
  const heard = listenTo(client);
  const end = endOf(unconnected, options);
  try {
    await client.connect();
  } catch (error) {
    await end();
    const isAsked = asked.size > 0 || heard.isTaken;
    if (hasOthers && !isAsked && isAway(error, socket) && !options.signal.aborted) return 'silent';
    const setting = ENDED_BY[codeOf(error)];
    if (setting && heard.isTaken && !off.includes(setting)) return logIn(secret, options, [...off, setting]);
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
  return {
    ...sessionOf(unconnected, heard, options),
    target: secret,
    form,
    end,
    async without(this: Session, setting) {
      if (off.includes(setting)) return false;
      await end();
      try {
        const again = await logIn(secret, options, [...off, setting]);
        if (again === 'rejected' || isRotationError(again)) return false;
        // Callers keep using this session object.
        await ask(Object.assign(this, again));
        return true;
      } catch {
        return false; // The error that ended the session says more.
      }
    },
  };
}

/** Breaks the connection when the step's time is up. Returns the function that ends it earlier. */
function endOf({ client, socket }: Unconnected, { signal }: LoginOptions): () => Promise<void> {
  const abort = () => socket.destroy(Object.assign(new Error('timeout expired'), { code: 'ETIMEDOUT' }));
  signal.addEventListener('abort', abort, { once: true });
  return async () => {
    signal.removeEventListener('abort', abort);
    // Do not wait for a server that does not close the connection.
    const timer = setTimeout(() => socket.destroy(), 1000);
    await client.end().finally(() => clearTimeout(timer));
  };
}

function sessionOf(
  { client, socket }: Unconnected,
  heard: Heard,
  { place, limitMs, signal }: LoginOptions,
): Omit<Session, 'target' | 'form' | 'end' | 'without'> {
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
        // Any further statement would wait behind the unanswered one. The server rolls back.
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
