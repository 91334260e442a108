import { type MysqlOptions, mysql } from '../../rotators/mysql/index.js';
import { rig } from '../../src/testing/index.js';
import { endOf } from './mysql-login.js';
import type { TestServer } from './mysql-servers.js';
import { certificate } from './postgres.js';
import { databaseRig } from './postgres-rig.js';

/** The password of a user before its first rotation, and the administrator's. */
export const FIRST = 'frst-9Kx2-7bqw';
export const ADMIN = 'xk83-Qmw71-plv';

/** An administrator with no more rights than the README gives it. */
export async function makeAdministrator(server: TestServer, name = 'admin'): Promise<void> {
  await server.sql(`CREATE USER ${name} IDENTIFIED BY '${ADMIN}'; GRANT CREATE USER ON *.* TO ${name}`);
  if (server.flavour === 'mariadb') await server.sql(`GRANT SELECT (User, Host) ON mysql.user TO ${name}`);
}

export interface MysqlRigOptions extends MysqlOptions {
  /** The user’s name. @default one that nobody else has */
  readonly app?: string;
  /** How the user's account is made, after its name. @default by FIRST */
  readonly made?: string;
  /** What the secret has in place of what fits. */
  readonly secret?: object;
  readonly administrator?: object;
  /** The port of a way to the server. */
  readonly port?: number;
}

let count = 0;

/** The name of a user that is not there yet. */
export function newUser(): string {
  return `app_${++count}`;
}

/** A user of a real server, its secret with an administrator, and mysql() to rotate it. */
export async function mysqlRig(
  server: TestServer,
  {
    app = newUser(),
    made = `IDENTIFIED BY '${FIRST}'`,
    secret,
    administrator,
    port = server.port,
    ...options
  }: MysqlRigOptions = {},
) {
  await server.sql(`CREATE USER ${app} ${made}`);
  const common = { engine: server.flavour, host: 'localhost', port };
  const rigged = await rig(mysql({ ca: await certificate('ca.pem'), ...options }), {
    name: 'db',
    secret: { ...common, username: app, password: FIRST, masterarn: 'admin', ...secret },
    others: { admin: { ...common, username: 'admin', password: ADMIN, ...administrator } },
  });
  return {
    ...databaseRig(rigged),
    app,
    accepts: (password: string) => isAccepted(server, app, password),
    /** Those of the passwords that the server accepts. */
    async alive(...passwords: readonly string[]): Promise<readonly string[]> {
      const alive = [];
      for (const password of passwords) if (await isAccepted(server, app, password)) alive.push(password);
      return alive;
    },
  };
}

export async function isAccepted(server: TestServer, username: string, password: string): Promise<boolean> {
  const end = await endOf(server, username, password);
  if (end === 'in' || end === 'rejected') return end === 'in';
  throw end;
}

/** All that the server has of a user's accounts: whether anything was changed. */
export async function accountsIn(server: TestServer, username: string): Promise<string> {
  const table = server.flavour === 'mysql' ? 'mysql.user' : 'mysql.global_priv';
  return JSON.stringify(await server.sql(`SELECT * FROM ${table} WHERE User = '${username}' ORDER BY Host`));
}
