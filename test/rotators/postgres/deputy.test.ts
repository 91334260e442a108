import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { Client } from 'pg';
import { rejection } from '../../support/errors.js';
import { startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
  await server.sql(
    `CREATE ROLE admin SUPERUSER LOGIN PASSWORD '${ADMIN}'; CREATE ROLE victim LOGIN PASSWORD '${FIRST}'`,
  );
});

afterAll(() => server.stop());

describe('the owner of a database', () => {
  test.each([
    ['alternating users', { pairs: {} }, { masterarn: 'admin' }],
    ['a single user with an administrator', {}, { masterarn: 'admin' }],
    ['a single user', {}, {}],
  ])(
    'runs no code in our sessions, by whatever stands in its search_path: %s',
    async (name, options, more) => {
      const owner = `owner of ${name}`;
      await server.sql(`CREATE ROLE "${owner}" LOGIN PASSWORD '${FIRST}'`);
      await server.sql(`CREATE DATABASE "${owner}" OWNER "${owner}"`);
      const { host, port } = server;
      const client = new Client({ host, port, user: owner, password: FIRST, database: owner, ssl: false });
      await client.connect();
      await client.query(`
      CREATE SCHEMA evil;
      CREATE TABLE evil.seen (who text);
      GRANT ALL ON SCHEMA evil TO public; GRANT ALL ON evil.seen TO public;
      CREATE VIEW evil.pg_settings AS SELECT 'server_version_num' AS name, '90600' AS setting;
      CREATE FUNCTION evil.eq(a text, b text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
        ALTER ROLE victim PASSWORD 'stolen-password';
        RETURN a OPERATOR(pg_catalog.=) b;
      END $$;
      CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.eq);
      ALTER DATABASE "${owner}" SET search_path = evil, pg_catalog, public`);
      await client.end();
      const secret = server.secret(owner, FIRST, { dbname: owner, ...more });
      const administrator = server.secret('admin', ADMIN, { dbname: owner });
      const { begin, rotation } = await postgresRig(secret, { administrator, ...options });
      await begin();
      expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
      expect(await server.accepts('victim', FIRST)).toBe(true);
    },
  );
});

test.each([{ port: true }, { ssl: true }])(
  'AWSPREVIOUS’s password goes to no other place than it was for: %j',
  async (change) => {
    const received: Buffer[] = [];
    // It refuses every password, and would ask for one as MD5.
    const listener = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (data) => {
        received.push(data);
        const isStartup = data[0] === 0;
        socket.write(isStartup ? Buffer.from('R\0\0\0\x0c\0\0\0\x05salt', 'latin1') : refusal());
      });
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const places = change.port
      ? [{ port: 5432 }, { port }]
      : [
          { port, ssl: true },
          { port, ssl: false },
        ];
    const rigged = await postgresRig(server.secret('app', 'previous-one-1', places[0]));
    await rigged.secrets.putSecretValue({
      SecretId: 'db',
      SecretString: server.secret('app', 'current-one-2', places[1]),
    });
    await rigged.begin();
    await rigged.deliver('createSecret');
    const error = await rejection(rigged.deliver('setSecret'));
    listener.close();
    expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    // AWSCURRENT's and AWSPENDING's, each as a startup and an answer.
    expect(received.filter((data) => data[0] === 'p'.charCodeAt(0))).toHaveLength(2);
  },
);

function refusal(): Buffer {
  const fields = Buffer.from('SFATAL\0C28P01\0Mpassword authentication failed\0\0');
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}
