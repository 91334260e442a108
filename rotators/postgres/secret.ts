import type { Kind } from '../databases/engine.js';
import { type DatabaseSecret, readDatabaseSecret, SHOWS } from '../databases/secret.js';

/** A secret for PostgreSQL, with the fields that AWS's rotation functions use. */
export interface PostgresSecret extends DatabaseSecret {
  /** `postgres` or `aurora-postgresql`. @default 'postgres' */
  readonly engine: string;
  /** Database to log in to. @default 'postgres' */
  readonly dbname: string;
}

const ENGINES = ['postgres', 'aurora-postgresql'] as const;

/** Parses a secret, with the defaults of AWS's functions: port 5432, dbname `postgres`. */
function parseSecret(json: Readonly<Record<string, unknown>>): PostgresSecret {
  const { dbname = 'postgres', ...secret } = readDatabaseSecret(json, { engines: ENGINES, port: 5432 });
  return { ...secret, dbname };
}

export const POSTGRESQL: Kind<PostgresSecret> = {
  product: 'PostgreSQL',
  engines: ENGINES,
  shows: SHOWS,
  parse: parseSecret,
};
