// Rotates again and again under clients that never pause, and counts what fails for them: npm run soak
import { cpus } from 'node:os';
import pg from 'pg';
import { alternatingUsers, postgres } from 'quarterturn/rotators/postgres';
import { startServer } from '../../dist/esm/rotators/postgres/embedded-server.js';
import { soakMysql } from './soak-mysql.mjs';
import { failuresOf, HEAD, rowOf, soakUser } from './soak-user.mjs';

const say = (line) => process.stdout.write(`${line}\n`);
const rotations = Number(process.argv[2] ?? 100);
const CLIENTS = 2;
const SESSIONS = 4;

const server = await startServer({ from: import.meta.url, settings: { max_connections: '50' } });
const { host, port } = server;
const place = { engine: 'postgres', host, port, dbname: 'postgres', ssl: false };
const admin = { ...place, username: 'admin', password: 'soak-admin-1' };

async function open({ username, password }) {
  const client = new pg.Client({ host, port, user: username, password, database: 'postgres', ssl: false });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const soak = (rotator, secret) =>
  soakUser({
    ...{ rotator, secret, admin, rotations, open },
    ...{ clients: CLIENTS, sessions: SESSIONS, sql: 'CREATE TEMP TABLE mine (); SELECT 1' },
  });

const root = await open({ username: 'postgres', password: server.password });
await root.query(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${admin.password}'`);
for (const name of ['single', 'app']) {
  await root.query(
    `CREATE ROLE ${name} LOGIN PASSWORD 'soak-first-1'; GRANT ${name} TO admin WITH ADMIN OPTION`,
  );
}
const { rows } = await root.query('SHOW server_version');
await root.end();

const results = {
  'alternating users': await soak(alternatingUsers(), {
    ...place,
    username: 'app',
    password: 'soak-first-1',
    masterarn: 'admin',
  }),
  'single user': await soak(postgres(), { ...place, username: 'single', password: 'soak-first-1' }),
};
await server.stop();

say(
  `PostgreSQL ${rows[0].server_version}, Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`,
);
say(
  `${rotations} rotations each, ${CLIENTS} clients that log in without pause, ${SESSIONS} sessions that query without pause\n`,
);
for (const line of HEAD) say(line);
for (const [name, result] of Object.entries(results)) say(rowOf(name, result));

const failures = failuresOf(results['alternating users'], true) + failuresOf(results['single user'], false);
if (failures > 0) {
  process.stderr.write(
    `alternating users must fail nobody, and no rotation an open session: ${results['alternating users'].first}\n`,
  );
  process.exitCode = 1;
}

await soakMysql(rotations, say);
