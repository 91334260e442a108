import type { ClientCertificate } from '../../src/index.js';
import type { DatabaseOptions } from '../databases/connections.js';
import type { PostgresSecret } from './secret.js';

/** What all rotators for PostgreSQL can be told. */
export interface PostgresOptions extends DatabaseOptions<PostgresSecret> {
  /** For a server that wants a certificate besides the password (`clientcert` in pg_hba.conf). */
  readonly clientCertificate?: ClientCertificate;
  /**
   * Set this if a connection pooler stands between the function and the server, and asks the server for a user's password
   * at each login, as PgBouncer does with auth_query. One that keeps passwords of its own would lock everybody out.
   *
   * @default the environment variable POOLER_ASKS_SERVER, `true` or `false`; else false: a pooler in the way is refused
   */
  readonly poolerAsksServer?: boolean;
  /**
   * Set this to false if a proxy that ends TLS stands between the function and the server, so that the two see different
   * certificates: SCRAM is then not bound to one. Whoever stands there could use the session.
   *
   * @default the environment variable CHANNEL_BINDING, `true` or `false`; else true
   */
  readonly channelBinding?: boolean;
}
