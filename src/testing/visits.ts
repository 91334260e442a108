import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';
import type { Json } from '../json.js';
import { stringsIn } from '../redact/hidden-values.js';

/** The places that a rotator connected to in a trial, and the values that may name them. */
export interface Visit {
  /** `host:port`, or the path of a socket. */
  readonly places: Set<string>;
  /** AWSCURRENT, and the other secrets that the rotator reads. */
  readonly named: readonly Json[];
}

const visiting = new AsyncLocalStorage<Visit['places']>();

/** Notes every connection that `work` opens, directly or not, while `underWatch` runs. */
export function noteInto<T>(places: Visit['places'], work: () => Promise<T>): Promise<T> {
  return visiting.run(places, work);
}

/** Notes connections while `work` runs. */
export async function underWatch<T>(work: () => Promise<T>): Promise<T> {
  const { connect } = Socket.prototype;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    visiting.getStore()?.add(placeIn(args));
    return Reflect.apply(connect, this, args);
  };
  try {
    return await work();
  } finally {
    Socket.prototype.connect = connect;
  }
}

/** Node also calls it with an array of the arguments. */
function placeIn(args: readonly unknown[]): string {
  const [first, second]: readonly unknown[] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof first === 'object' && first !== null) {
    const { host = 'localhost', port, path }: { host?: unknown; port?: unknown; path?: unknown } = first;
    return path === undefined || path === null ? `${host}:${port}` : String(path);
  }
  const isPort = typeof first === 'number' || /^\d+$/.test(String(first));
  return isPort ? `${typeof second === 'string' ? second : 'localhost'}:${first}` : String(first);
}

/** The places that neither a value nor `declared` names, each `host` or `host:port`. */
export function strayPlaces(visits: readonly Visit[], declared: readonly string[]): readonly string[] {
  const known = new Set(declared.map(sameWord));
  const strays = visits.flatMap(({ places, named }) => {
    const words = new Set(named.flatMap((json) => [...stringsIn(json, 1)]).flatMap(wordsIn));
    return [...places].filter((place) => !isNamed(place, known) && !isNamed(place, words));
  });
  return [...new Set(strays)];
}

/** A text, and its words that may be hosts or ports. */
function wordsIn(text: string): readonly string[] {
  return [text, ...text.split(/[^\w.:[\]-]+/), ...text.split(/[^\w.-]+/)].map(sameWord);
}

function isNamed(place: string, words: ReadonlySet<string>): boolean {
  if (place.startsWith('/')) {
    return [...words].some((word) => word.startsWith('/') && place.toLowerCase().startsWith(word));
  }
  const end = place.lastIndexOf(':');
  const [host, port] = [sameWord(place.slice(0, end)), place.slice(end + 1)];
  // On this machine the port tells one service from another.
  return words.has(`${host}:${port}`) || (words.has(host) && (host !== LOOPBACK || words.has(port)));
}

const LOOPBACK = 'localhost';

/** A word in lower case; all names of this machine become the same one. */
function sameWord(text: string): string {
  return text.toLowerCase().replace(/^(?:127(?:\.\d+){3}|\[?::1\]?)(?=$|:\d+$)/, LOOPBACK);
}
