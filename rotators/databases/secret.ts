import { isIPv6 } from 'node:net';
import { stringField } from '../../src/index.js';

/** The JSON of the secrets that AWS's rotation functions for databases use. */
export interface DatabaseSecret {
  /** As AWS calls it: `postgres`, `aurora-postgresql`, `mysql` … */
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly dbname?: string;
  /** The ARN of an administrator's secret. */
  readonly masterarn?: string;
  /** False only if the secret says `"ssl": false`: then the connection is not encrypted. */
  readonly ssl: boolean;
}

/** The fields that are not secret: messages may name them. */
export const SHOWS = ['engine', 'host', 'port', 'username', 'dbname', 'ssl', 'masterarn'] as const;

/**
 * Reads the JSON of a secret.
 *
 * @param kind `engines`: what `engine` may be, the first if it is absent; `port`: the one if it is absent
 * @throws TypeError naming the field, never its value
 */
export function readDatabaseSecret(
  json: Readonly<Record<string, unknown>>,
  { engines, port }: { readonly engines: readonly [string, ...string[]]; readonly port: number },
): DatabaseSecret {
  const engine = stringField(json, 'engine', engines[0]);
  if (!engines.includes(engine)) throw new TypeError(`"engine" must be ${engines.join(' or ')}, or absent`);
  return {
    engine,
    host: parseHost(stringField(json, 'host')),
    port: parsePort(json.port ?? port),
    username: stringField(json, 'username'),
    password: stringField(json, 'password'),
    ...optionalField(json, 'dbname'),
    ...optionalField(json, 'masterarn'),
    ssl: !(json.ssl === false || (typeof json.ssl === 'string' && json.ssl.toLowerCase() === 'false')),
  };
}

/** A field that may be absent, or null, but no empty string: an object with it, or without. */
export function optionalField<Name extends string>(
  json: Readonly<Record<string, unknown>>,
  name: Name,
): { readonly [name in Name]?: string } {
  const isThere = (json[name] ?? undefined) !== undefined;
  return isThere ? ({ [name]: stringField(json, name) } as { [name in Name]: string }) : {};
}

/** Takes the brackets off an IPv6 address. What else a look-up would not find, it refuses before anything is changed. */
function parseHost(text: string): string {
  const host = /^\[.*\]$/.test(text) && isIPv6(text.slice(1, -1)) ? text.slice(1, -1) : text;
  // A path is that of a Unix socket.
  const [alien] = isIPv6(host) || host.startsWith('/') ? [] : (/[^\p{L}\p{M}\p{N}._-]/u.exec(host) ?? []);
  if (alien === undefined) return host;
  const isSeen = /^[!-~]$/.test(alien);
  throw new TypeError(
    `"host" must be one host name or IP address; it contains ${isSeen ? `"${alien}"` : 'a blank or an invisible character'}. ` +
      'The port belongs in "port", the database in "dbname"',
  );
}

/** RDS stores the port as a number, people as a string. */
function parsePort(value: unknown): number {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new TypeError('"port" must be a number from 1 to 65535');
}

/** How messages name a server. */
export function placeName({ host, port }: Pick<DatabaseSecret, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An older version may be for elsewhere: its password goes to no other place than it was for, nor there in the clear. */
export function isSamePlace(old: DatabaseSecret, pending: DatabaseSecret): boolean {
  const isSame = (['username', 'host', 'port'] as const).every((field) => old[field] === pending[field]);
  return isSame && (pending.ssl || !old.ssl);
}
