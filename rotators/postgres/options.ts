import type { ClientCertificate } from '../../src/index.js';
import type { DatabaseOptions } from '../databases/connections.js';
import type { PostgresSecret } from './secret.js';

/** Options of every rotator for PostgreSQL. */
export interface PostgresOptions extends DatabaseOptions<PostgresSecret> {
  /** Client certificate, for a server that wants one in addition to the password (`clientcert` in pg_hba.conf). */
  readonly clientCertificate?: ClientCertificate;
  /**
   * Set this if the function connects through a connection pooler that asks the server for a user's password at each login,
   * as PgBouncer does with auth_query. Never set it for a pooler that stores passwords itself: that one would refuse every
   * client after a rotation.
   *
   * @default the environment variable POOLER_ASKS_SERVER (`true` or `false`), else `false`: a rotation through a pooler fails
   */
  readonly poolerAsksServer?: boolean;
  /**
   * Set this to `false` if your own proxy terminates TLS between the function and the server. SCRAM is then not bound to the
   * server's certificate, and anyone at that point could use the session.
   *
   * @default the environment variable CHANNEL_BINDING (`true` or `false`), else `true`
   */
  readonly channelBinding?: boolean;
}
