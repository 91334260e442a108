// Rotates again and again under clients that never pause, and counts what fails for them: npm run soak
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import pg from 'pg';
import { alternatingUsers, postgres } from 'quarterturn/rotators/postgres';
import { startServer } from '../../dist/esm/rotators/postgres/embedded-server.js';
import { curve } from './curve.mjs';
import {
  CLIENTS as APPLICATIONS,
  HEAD_OF_APPLICATIONS,
  rowOfApplication,
  soakClients,
} from './soak-clients.mjs';
import { soakMysql } from './soak-mysql.mjs';
import { failuresOf, HEAD, rowOf, soakUser } from './soak-user.mjs';

const say = (line) => process.stdout.write(`${line}\n`);
const rotations = Number(process.argv[2] ?? 100);
/** Writes the curve of failures beside the client's README. */
const isWritten = process.argv.includes('--write');
const CLIENTS = 2;
const SESSIONS = 4;

const server = await startServer({ from: import.meta.url, settings: { max_connections: '100' } });
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

const results = {
  'alternating users': await soak(alternatingUsers(), {
    ...place,
    username: 'app',
    password: 'soak-first-1',
    masterarn: 'admin',
  }),
  'single user': await soak(postgres(), { ...place, username: 'single', password: 'soak-first-1' }),
};
const reset = (name) => root.query(`ALTER ROLE ${name} PASSWORD 'soak-first-1'`);
const applications = await soakClients({ server, place, admin, rotations, reset });
await root.end();
await server.stop();

say(
  `PostgreSQL ${rows[0].server_version}, Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`,
);
say(
  `${rotations} rotations each, ${CLIENTS} clients that log in without pause, ${SESSIONS} sessions that query without pause\n`,
);
for (const line of HEAD) say(line);
for (const [name, result] of Object.entries(results)) say(rowOf(name, result));

say(
  `\n${rotations} rotations each, ${APPLICATIONS} clients that ask without pause, in what would be 5 processes\n`,
);
for (const line of HEAD_OF_APPLICATIONS) say(line);
for (const [name, result] of Object.entries(applications)) say(rowOfApplication(name, result));
if (isWritten) {
  const picture = new URL('../../docs/soak.svg', import.meta.url);
  await writeFile(picture, curve(applications, rotations));
}
for (const [name, { failed, first }] of Object.entries(applications)) {
  if (failed === 0 || !name.endsWith('the client')) continue;
  process.stderr.write(`no request of an application may fail with the client: ${name}: ${first}\n`);
  process.exitCode = 1;
}

const failures = failuresOf(results['alternating users'], true) + failuresOf(results['single user'], false);
if (failures > 0) {
  process.stderr.write(
    `alternating users must fail nobody, and no rotation an open session: ${results['alternating users'].first}\n`,
  );
  process.exitCode = 1;
}

await soakMysql(rotations, say);
