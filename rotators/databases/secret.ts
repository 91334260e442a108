import { stringField } from '../../src/index.js';

/** The JSON of the secrets that AWS's Postgres rotation functions use. */
export interface PostgresSecret {
  /** `postgres` or `aurora-postgresql`. */
  readonly engine: string;
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
  readonly dbname: string;
  /** The ARN of an administrator's secret. */
  readonly masterarn?: string;
  /** False only if the secret says `"ssl": false`: then the connection is not encrypted. */
  readonly ssl: boolean;
}

/** The fields that are not secret: messages may name them. */
export const SHOWS = ['engine', 'host', 'port', 'username', 'dbname', 'ssl', 'masterarn'] as const;

const ENGINES = ['postgres', 'aurora-postgresql'];

/** Reads the JSON of a secret, with the defaults of AWS's functions: port 5432, dbname `postgres`. */
export function parseSecret(json: Readonly<Record<string, unknown>>): PostgresSecret {
  const engine = stringField(json, 'engine', 'postgres');
  if (!ENGINES.includes(engine)) throw new TypeError(`"engine" must be ${ENGINES.join(' or ')}, or absent`);
  return {
    engine,
    host: stringField(json, 'host'),
    port: parsePort(json.port ?? 5432),
    username: stringField(json, 'username'),
    password: stringField(json, 'password'),
    dbname: stringField(json, 'dbname', 'postgres'),
    ...((json.masterarn ?? undefined) !== undefined && { masterarn: stringField(json, 'masterarn') }),
    ssl: !(json.ssl === false || (typeof json.ssl === 'string' && json.ssl.toLowerCase() === 'false')),
  };
}

/** RDS stores the port as a number, people as a string. */
function parsePort(value: unknown): number {
  const port = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new TypeError('"port" must be a number from 1 to 65535');
}

/** How messages name a server. */
export function placeName({ host, port }: Pick<PostgresSecret, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
