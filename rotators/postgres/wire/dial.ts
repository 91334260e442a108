import dns from 'node:dns';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoginOptions } from '../../databases/session.js';

/** Head start of each address before the next one is tried in parallel (RFC 8305). */
const HEAD_START_MS = 250;

/** A connection to a server. */
export interface Line {
  readonly socket: Socket;
  readonly address: string;
  /** Whether the name has other addresses that are still untried. */
  readonly hasOthers: boolean;
}

/**
 * Connects to a server. If the name has several addresses, it takes the first that answers. Node would give each a quarter of a
 * second only, so a slow one would never connect.
 *
 * @param passedOver addresses to skip
 * @throws Error with the code of a socket's error: ENOTFOUND, EAI_AGAIN, ECONNREFUSED, ETIMEDOUT …
 */
export async function dial(
  { place: { host, port }, limitMs, signal }: LoginOptions,
  passedOver: ReadonlySet<string> = new Set(),
): Promise<Line> {
  // Aborts the remaining tries when the time is up, when the step ends, or when an address has answered.
  const over = new AbortController();
  const abort = () => over.abort();
  const timer = setTimeout(abort, limitMs());
  signal.addEventListener('abort', abort, { once: true });
  try {
    if (host.startsWith('/')) {
      const socket = await connected({ path: `${host}/.s.PGSQL.${port}` }, over.signal);
      return { socket, address: host, hasOthers: false };
    }
    const addresses = (await lookUp(host, over.signal)).filter((address) => !passedOver.has(address));
    return { ...(await first(addresses, port, over.signal)), hasOthers: addresses.length > 1 };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
    over.abort();
  }
}

async function first(
  addresses: readonly string[],
  port: number,
  over: AbortSignal,
): Promise<Pick<Line, 'socket' | 'address'>> {
  const tries: Promise<Pick<Line, 'socket' | 'address'>>[] = [];
  for (const [n, address] of addresses.entries()) {
    const before = tries.at(-1);
    const wait = sleep(n * HEAD_START_MS, undefined, { signal: over });
    // Starts at once if the one before has failed.
    const turn = (before ? Promise.race([wait, before]) : wait).catch(() => {});
    tries.push(
      turn.then(() => connected({ host: address, port }, over)).then((socket) => ({ socket, address })),
    );
  }
  try {
    const taken = await Promise.any(tries);
    for (const other of tries)
      other.then(({ socket }) => socket !== taken.socket && socket.destroy()).catch(() => {});
    return taken;
  } catch (error) {
    // As in Node, the first failure stands for all.
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

function lookUp(host: string, over: AbortSignal): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    // Node has no way to abort a look-up, which takes as long as the system's resolver likes.
    const giveUp = () => reject(coded('EAI_AGAIN', 'the name look-up took too long'));
    over.addEventListener('abort', giveUp, { once: true });
    // As Node itself does: only kinds of addresses that this machine has.
    dns.lookup(host, { all: true, hints: dns.ADDRCONFIG }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map(({ address }) => address));
    });
  });
}

function connected(
  place: { readonly path: string } | { readonly host: string; readonly port: number },
  over: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new Socket();
    const abort = () => socket.destroy(coded('ETIMEDOUT', 'timeout expired'));
    socket.once('close', () => over.removeEventListener('abort', abort));
    // This listener stays: an early error must not end the process.
    socket.on('error', reject);
    if (over.aborted) return void abort();
    over.addEventListener('abort', abort);
    socket.connect(place, () => {
      over.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}

function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
