import { isIPv6 } from 'node:net';
import { stringField } from '../../src/index.js';

/** A database secret, with the fields that AWS's rotation functions use. */
export interface DatabaseSecret {
  /** Engine, by AWS's name: `postgres`, `aurora-postgresql`, `mysql` … */
  readonly engine: string;
  /** Host name or IP address of the server, or path of a Unix socket. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Name of the user. */
  readonly username: string;
  /** Password of the user. */
  readonly password: string;
  /** Database to log in to. */
  readonly dbname?: string;
  /** ARN of an administrator's secret. */
  readonly masterarn?: string;
  /** `false` only if the secret says `"ssl": false`. The connection is then not encrypted. */
  readonly ssl: boolean;
}

/** Fields whose values messages may show. */
export const SHOWS = ['engine', 'host', 'port', 'username', 'dbname', 'ssl', 'masterarn'] as const;

/**
 * Reads the JSON of a secret.
 *
 * @param kind `engines`: allowed values of "engine", the default first; `port`: the default port
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

/** Returns an object with the field, or an empty one if it is absent or null. An empty string is an error. */
export function optionalField<Name extends string>(
  json: Readonly<Record<string, unknown>>,
  name: Name,
): { readonly [name in Name]?: string } {
  const isThere = (json[name] ?? undefined) !== undefined;
  return isThere ? ({ [name]: stringField(json, name) } as { [name in Name]: string }) : {};
}

/** Strips the brackets of an IPv6 address. Refuses any other name that DNS could not find, before anything is changed. */
function parseHost(text: string): string {
  const host = /^\[.*\]$/.test(text) && isIPv6(text.slice(1, -1)) ? text.slice(1, -1) : text;
  // A path names a Unix socket.
  const [alien] = isIPv6(host) || host.startsWith('/') ? [] : (/[^\p{L}\p{M}\p{N}._-]/u.exec(host) ?? []);
  if (alien === undefined) return host;
  const isSeen = /^[!-~]$/.test(alien);
  throw new TypeError(
    `"host" must be one host name or IP address; it contains ${isSeen ? `"${alien}"` : 'a space or an invisible character'}. ` +
      'The port belongs in "port", the database in "dbname"',
  );
}

/** RDS stores the port as a number, people as a string. */
function parsePort(value: unknown): number {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new TypeError('"port" must be a number from 1 to 65535');
}

/** Returns a server's name for messages: `host:port`. */
export function placeName({ host, port }: Pick<DatabaseSecret, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether an older version's password may be sent: only to the place it was for, and never in clear text if it used TLS. */
export function isSamePlace(old: DatabaseSecret, pending: DatabaseSecret): boolean {
  const isSame = (['username', 'host', 'port'] as const).every((field) => old[field] === pending[field]);
  return isSame && (pending.ssl || !old.ssl);
}
