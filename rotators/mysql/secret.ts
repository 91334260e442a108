import type { Kind } from '../databases/engine.js';
import { type DatabaseSecret, readDatabaseSecret, SHOWS } from '../databases/secret.js';

/** A secret for MySQL or MariaDB, with the fields that AWS's rotation functions use. */
export interface MysqlSecret extends DatabaseSecret {
  /** `mysql`, `aurora-mysql` or `mariadb`. The server itself tells what it is. @default 'mysql' */
  readonly engine: string;
}

const ENGINES = ['mysql', 'aurora-mysql', 'mariadb'] as const;

/** Secrets for MySQL and MariaDB. The default port is 3306, as in AWS's functions. */
export const MYSQL: Kind<MysqlSecret> = {
  product: 'MySQL or MariaDB',
  engines: ENGINES,
  shows: SHOWS,
  parse: (json) => readDatabaseSecret(json, { engines: ENGINES, port: 3306 }),
};

export const REJECTION_HINT =
  'the server also refuses a user that does not exist for the function’s address, and an account that wants TLS or a ' +
  'certificate (REQUIRE)';
