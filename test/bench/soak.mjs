// Rotates again and again under clients that never pause, and counts what fails for them: npm run soak
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { rotationHandler } from 'quarterturn';
import { alternatingUsers, postgres } from 'quarterturn/rotators/postgres';
import { LocalSecretsManager } from 'quarterturn/testing';
import { startServer } from '../../dist/esm/rotators/postgres/embedded-server.js';
import { curve } from './curve.mjs';
import { CLIENTS as APPLICATIONS, soakClients } from './soak-clients.mjs';

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

/** Clients that open connections with the AWSCURRENT that they know, and one that keeps its connections open. */
function startClients(readCurrent, counts) {
  let isOver = false;
  // A client never knows less than what was AWSCURRENT before the setSecret that comes next.
  const known = Array.from({ length: CLIENTS }, () => undefined);
  const reading = known.map(() => 0);
  const kept = [];

  async function openOften(n) {
    while (!isOver) {
      known[n] = await readCurrent();
      reading[n] += 1;
      for (let login = 0; login < 2 && !isOver; login++) {
        counts.logins += 1;
        try {
          const client = await open(known[n]);
          await query(client, 'CREATE TEMP TABLE mine (); SELECT 1');
          if (kept.length < SESSIONS) kept.push(client);
          else await client.end();
        } catch (error) {
          counts.failedLogins += 1;
          counts.first ??= error.message;
          // A client whose login fails reads the secret again, as it should.
          break;
        }
      }
    }
  }

  async function keepBusy() {
    while (!isOver) {
      for (const client of kept) await query(client, 'SELECT current_user');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async function query(client, sql) {
    counts.queries += 1;
    await client.query(sql).catch((error) => {
      counts.failedQueries += 1;
      counts.first ??= error.message;
    });
  }

  const running = [...known.map((_, n) => openOften(n)), keepBusy()];
  return {
    /** Waits until every client has read AWSCURRENT anew. */
    async haveReadAgain() {
      const before = [...reading];
      // The one that is under way may have read just before.
      while (reading.some((count, n) => count < before[n] + 2))
        await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async stop() {
      isOver = true;
      await Promise.all(running);
      await Promise.all(kept.map((client) => client.end()));
    },
  };
}

async function soak(rotator, secret) {
  const secrets = new LocalSecretsManager();
  const RotationLambdaARN = secrets.addFunction(
    'rotate',
    rotationHandler(rotator, { client: secrets, log: () => {} }),
  );
  await secrets.createSecret({ Name: 'admin', SecretString: JSON.stringify(admin) });
  await secrets.createSecret({ Name: 'db', SecretString: JSON.stringify(secret) });
  const readCurrent = async () => JSON.parse((await secrets.getSecretValue({ SecretId: 'db' })).SecretString);
  const counts = { logins: 0, queries: 0, failedLogins: 0, failedQueries: 0, first: undefined };
  const windows = [];
  const clients = startClients(readCurrent, counts);
  const start = performance.now();
  for (let n = 0; n < rotations; n++) {
    await clients.haveReadAgain();
    await secrets.rotateSecret({ SecretId: 'db', RotationLambdaARN });
    const rotation = secrets.rotation('db');
    await rotation.deliver('createSecret');
    const old = await readCurrent();
    const window = watch(old, () => readCurrent().then(({ password }) => password !== old.password));
    for (const step of ['setSecret', 'testSecret', 'finishSecret']) await rotation.deliver(step);
    windows.push(await window);
  }
  await clients.haveReadAgain();
  await clients.stop();
  return { ...counts, windows, seconds: (performance.now() - start) / 1000 };
}

/** How long, in milliseconds, AWSCURRENT could not log in: tried without pause until another value is AWSCURRENT. */
async function watch(secret, isPromoted) {
  let closedAt;
  while (!(await isPromoted())) {
    const accepted = await open(secret).then(
      (client) => client.end().then(() => true),
      () => false,
    );
    if (!accepted) closedAt ??= performance.now();
  }
  return closedAt === undefined ? 0 : performance.now() - closedAt;
}

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
say('| | logins | refused | queries | failed | AWSCURRENT refused for (median, longest) |');
say('| --- | --- | --- | --- | --- | --- |');
for (const [name, { logins, failedLogins, queries, failedQueries, windows }] of Object.entries(results)) {
  const sorted = windows.toSorted((a, b) => a - b);
  const [median, longest] = [sorted[sorted.length >> 1], sorted.at(-1)].map((ms) => `${Math.ceil(ms)} ms`);
  say(`| ${name} | ${logins} | ${failedLogins} | ${queries} | ${failedQueries} | ${median}, ${longest} |`);
}

say(
  `\n${rotations} rotations each, ${APPLICATIONS} clients that ask without pause, in what would be 5 processes\n`,
);
say('| | requests | failed | longest | calls to Secrets Manager |');
say('| --- | --- | --- | --- | --- |');
for (const [name, { requests, failed, longestMs, calls }] of Object.entries(applications)) {
  say(`| ${name} | ${requests} | ${failed} | ${Math.ceil(longestMs)} ms | ${calls} |`);
}
if (isWritten) {
  const picture = new URL('../../src/client/soak.svg', import.meta.url);
  await writeFile(picture, curve(applications, rotations));
}
for (const [name, { failed, first }] of Object.entries(applications)) {
  if (failed === 0 || !name.endsWith('the client')) continue;
  process.stderr.write(`no request of an application may fail with the client: ${name}: ${first}\n`);
  process.exitCode = 1;
}

const { failedLogins, failedQueries, windows, first } = results['alternating users'];
const failures =
  failedLogins + failedQueries + windows.filter((ms) => ms > 0).length + results['single user'].failedQueries;
if (failures > 0) {
  process.stderr.write(`alternating users must fail nobody, and no rotation an open session: ${first}\n`);
  process.exitCode = 1;
}
