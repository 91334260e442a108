import type { Server } from 'node:http';
import type { Pool } from 'pg';
import type { RotatingSecret } from '../../src/client/index.js';

/** Reads the secret before the server listens, and ends everything in order on SIGTERM. */
export async function serve(server: Server, port: number, pool: Pool, secret: RotatingSecret<unknown>) {
  // Without a listener, pg ends the process when an idle session breaks.
  pool.on('error', ({ message }) => process.stderr.write(`${message}\n`));
  await secret.get(); // Rejects with the code and the hint if the secret could not be read.
  server.listen(port);
  process.once('SIGTERM', () => {
    server.close(async () => {
      await pool.end();
      secret.close(); // Last: from now on no login works.
    });
  });
}
