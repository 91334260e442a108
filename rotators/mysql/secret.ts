import type { Kind } from '../databases/engine.js';
import { type DatabaseSecret, readDatabaseSecret, SHOWS } from '../databases/secret.js';

/** The JSON of the secrets that AWS's rotation functions for MySQL and MariaDB use. */
export interface MysqlSecret extends DatabaseSecret {
  /** `mysql`, `aurora-mysql` or `mariadb`. What the server is, it says itself. */
  readonly engine: string;
}

const ENGINES = ['mysql', 'aurora-mysql', 'mariadb'] as const;

/** What the secrets of both are, with the default of AWS's functions: port 3306. */
export const MYSQL: Kind<MysqlSecret> = {
  product: 'MySQL or MariaDB',
  engines: ENGINES,
  shows: SHOWS,
  parse: (json) => readDatabaseSecret(json, { engines: ENGINES, port: 3306 }),
};

export const REJECTION_HINT =
  'a user that does not exist for the function’s address, or whose account wants TLS or a certificate (REQUIRE), is refused ' +
  'like one with a wrong password';
