import pg from 'pg';
import { rotatingSecret, withSecret } from '../../src/client/index.js';

const secret = rotatingSecret('app/db', {
  parse: ({ username, password, host, port, dbname }) => ({
    user: String(username),
    password: String(password),
    host: String(host),
    port: Number(port),
    database: String(dbname),
  }),
});

/** Opens a session without a pool. After a refusal only the first function runs again. */
export const runOnce = (sql: string) =>
  withSecret(
    secret,
    async (login) => {
      const client = new pg.Client(login);
      await client.connect();
      return client;
    },
    async (client) => {
      try {
        return await client.query(sql);
      } finally {
        await client.end();
      }
    },
  );
