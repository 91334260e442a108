// The same on MySQL and on MariaDB, with the servers that .ci/get-mysql-servers unpacks.
import { join } from 'node:path';
import driver from 'mysql2';
import { createConnection } from 'mysql2/promise';
import { rotatingSecret } from 'quarterturn/client';
import { rotatingMysqlPool } from 'quarterturn/client/mysql2';
import { alternatingUsers, mysql } from 'quarterturn/rotators/mysql';
import { startServer } from '../../dist/esm/rotators/mysql/rehearsal/installed-server.js';
import { programOf } from '../../dist/esm/rotators/mysql/rehearsal/programs.js';
import {
  CLIENTS as APPLICATIONS,
  HEAD_OF_APPLICATIONS,
  rowOfApplication,
  soakApplications,
} from './soak-clients.mjs';
import { failuresOf, HEAD, rowOf, soakUser } from './soak-user.mjs';

const SERVERS = process.env.QUARTERTURN_SERVERS ?? '/var/tmp/quarterturn-servers';
const CLIENTS = 50;
const SESSIONS = 4;
const FIRST = 'soak-first-1';

/** Which users are rotated, on which server, by what. `masterarn` names the administrator, if there is one. */
const STRATEGIES = [
  {
    name: 'two passwords',
    refusesNobody: true,
    masterarn: 'admin',
    rotator: (options) => mysql(options),
  },
  // A user of MariaDB is no role of another's.
  {
    name: 'alternating users',
    only: 'mysql',
    refusesNobody: true,
    masterarn: 'admin',
    rotator: (options) => alternatingUsers(options),
  },
  {
    name: 'one password, by an administrator (`keeps: 1`)',
    masterarn: 'admin',
    rotator: (options) => mysql({ ...options, keeps: 1 }),
  },
  // A user of MySQL does not set its password without TLS.
  { name: 'by itself', only: 'mariadb', rotator: (options) => mysql(options) },
];

/** Soaks each server that there is, and prints what came of it. */
export async function soakMysql(rotations, say) {
  for (const folder of ['mysql', 'mariadb-11']) {
    const program = programOf([join(SERVERS, folder, 'launch')]);
    if (program) await soakServer(program, rotations, say);
    else {
      process.stderr.write(`${folder} was not soaked: .ci/get-mysql-servers gets it\n`);
      if (process.env.QUARTERTURN_MYSQL_SERVERS === 'required') process.exitCode = 1;
    }
  }
}

async function soakServer(program, rotations, say) {
  const { product, version, flavour } = program;
  const strategies = STRATEGIES.filter(({ only }) => only === undefined || only === flavour);
  const server = await startServer(program, [
    `CREATE USER admin IDENTIFIED BY 'soak-admin-1'`,
    'GRANT CREATE USER ON *.* TO admin',
    `GRANT SELECT ${flavour === 'mysql' ? 'ON mysql.*' : '(User, Host) ON mysql.user'} TO admin`,
    ...strategies
      .flatMap((_, n) => [`app_${n}`, `application_${n}`])
      .flatMap((user) => makeUser(user, flavour)),
  ]);
  const { host, port, publicKey } = server;
  const place = { engine: flavour, host, port, ssl: false };

  async function open({ username, password }) {
    const connection = await createConnection({ host, port, user: username, password });
    connection.on('error', () => {});
    return connection;
  }

  say(
    `\n${product} ${version}: ${rotations} rotations each, ${CLIENTS} clients that log in without pause, ${SESSIONS} sessions that query without pause\n`,
  );
  for (const line of HEAD) say(line);
  try {
    const admin = { ...place, username: 'admin', password: 'soak-admin-1' };
    const options = publicKey === undefined ? {} : { serverPublicKey: publicKey };
    for (const [n, { name, masterarn, rotator, refusesNobody = false }] of strategies.entries()) {
      const result = await soakUser({
        rotator: rotator(options),
        secret: { ...place, username: `app_${n}`, password: FIRST, ...(masterarn && { masterarn }) },
        admin,
        ...{ rotations, open, clients: CLIENTS, sessions: SESSIONS, sql: 'SELECT CURRENT_USER()' },
      });
      say(rowOf(name, result));
      if (failuresOf(result, refusesNobody) === 0) continue;
      process.stderr.write(`${name} on ${product} failed whom it must not: ${result.first}\n`);
      process.exitCode = 1;
    }
    say(
      `\n${product} ${version}: ${APPLICATIONS} clients that ask without pause, in what would be 5 processes\n`,
    );
    for (const line of HEAD_OF_APPLICATIONS) say(line);
    for (const [n, { name, masterarn, rotator }] of strategies.entries()) {
      const result = await soakApplications({
        rotations,
        rotator: rotator(options),
        secret: { ...place, username: `application_${n}`, password: FIRST, ...(masterarn && { masterarn }) },
        others: { admin },
        open: openPool,
      });
      say(rowOfApplication(`${name}, the client`, result));
      if (result.failed === 0) continue;
      process.stderr.write(`no request of an application may fail with the client: ${result.first}\n`);
      process.exitCode = 1;
    }
  } finally {
    await server.stop();
  }
}

/** A user of MySQL may be another's role, and the administrator grants it. */
function makeUser(user, flavour) {
  const made = `CREATE USER ${user} IDENTIFIED BY '${FIRST}'`;
  return flavour === 'mysql' ? [made, `GRANT ${user} TO admin WITH ADMIN OPTION`] : [made];
}

/** A pool that closes a connection after twenty uses, so that many log in. */
function openPool(client) {
  const secret = rotatingSecret('app', { client });
  const pool = rotatingMysqlPool(driver, secret, { connectionLimit: 10 }).promise();
  let uses = 0;
  return {
    async run() {
      const connection = await pool.getConnection();
      await connection.query('SELECT 1');
      if (++uses % 20 === 0) connection.destroy();
      else connection.release();
    },
    async end() {
      await pool.end();
      secret.close();
    },
  };
}
