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

/** One session without a pool. Only the first function is tried again; the second runs once. */
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
