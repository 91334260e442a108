import dns, { type LookupAddress } from 'node:dns';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginOptions } from '../../databases/session.js';

/** As long as an address is waited for before the next one of the same name is tried besides (RFC 8305). */
const HEAD_START_MS = 250;

/**
 * Connects to a server. Of a name with several addresses the first that answers is taken: Node would give each of them a
 * quarter of a second, and one that is slow none.
 *
 * @throws Error with the code of a socket's error: ENOTFOUND, EAI_AGAIN, ECONNREFUSED, ETIMEDOUT …
 */
export async function dial({ place, limitMs, signal }: LoginOptions): Promise<Socket> {
  const { host, port } = place;
  const within = AbortSignal.any([signal, AbortSignal.timeout(limitMs())]);
  if (host.startsWith('/')) return connected({ path: `${host}/.s.PGSQL.${port}` }, within);
  const addresses = await look(host, within);
  const won = new AbortController();
  const tries = addresses.map(async ({ address }, n) => {
    await Promise.race([
      sleep(n * HEAD_START_MS, undefined, { signal: AbortSignal.any([within, won.signal]) }).catch(() => {}),
      // Not before the one that was asked for first has failed.
      ...(n > 0 ? [failureOf(() => tries[n - 1])] : []),
    ]);
    return connected({ host: address, port }, AbortSignal.any([within, won.signal]));
  });
  let first: Socket | undefined;
  try {
    first = await Promise.any(tries);
    return first;
  } catch (error) {
    // As Node does: the first failure stands for all.
    throw error instanceof AggregateError ? error.errors[0] : error;
  } finally {
    won.abort();
    for (const other of tries) other.then((socket) => socket !== first && socket.destroy()).catch(() => {});
  }
}

/** Ends when a try has failed, and never if it succeeds. */
function failureOf(attempt: () => Promise<unknown> | undefined): Promise<void> {
  return new Promise((resolve) => {
    // Later: it may not have begun.
    Promise.resolve()
      .then(attempt)
      .catch(() => resolve());
  });
}

function look(host: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
  return new Promise((resolve, reject) => {
    // It cannot be called off, and asks for as long as the system's resolver likes.
    signal.addEventListener(
      'abort',
      () => reject(coded('EAI_AGAIN', 'the look-up of the name took too long')),
      {
        once: true,
      },
    );
    dns.lookup(host, { all: true }, (error, addresses) => (error ? reject(error) : resolve(addresses)));
  });
}

function connected(
  place: { readonly path: string } | { readonly host: string; readonly port: number },
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    const abort = () => socket.destroy(coded('ETIMEDOUT', 'timeout expired'));
    const settle = (work: () => void) => {
      signal.removeEventListener('abort', abort);
      work();
    };
    socket.once('error', (error) => settle(() => reject(error)));
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    socket.connect(place, () => {
      socket.removeAllListeners('error');
      settle(() => resolve(socket));
    });
  });
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
