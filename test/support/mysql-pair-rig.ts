import { type AlternatingUsersOptions, alternatingUsers } from '../../rotators/mysql/index.js';
import { rig } from '../../src/testing/index.js';
import { inSession } from './mysql-login.js';
import { ADMIN, FIRST, isAccepted, newUser } from './mysql-rig.js';
import type { TestServer } from './mysql-servers.js';
import { certificate } from './postgres.js';
import { databaseRig } from './postgres-rig.js';

/** An administrator of pairs with no more rights than the README gives it; each original is granted to it. */
export async function makePairsAdministrator(server: TestServer): Promise<void> {
  await server.sql(
    `CREATE USER admin IDENTIFIED BY '${ADMIN}'; GRANT CREATE USER ON *.* TO admin; GRANT SELECT ON mysql.* TO admin`,
  );
}

export interface PairRigOptions extends AlternatingUsersOptions {
  /** The user’s name. @default one that nobody else has */
  readonly app?: string;
  /** Statements to run once it is there, with its name in backticks for `app`, and its clone’s for `app_clone`. */
  readonly sql?: string;
  /** What the administrator is granted. @default the user, as a role to give away */
  readonly granted?: string;
  /** Which of the two AWSCURRENT is of. @default the original */
  readonly current?: 'original' | 'clone';
  /** What the secret has in place of what fits. */
  readonly secret?: object;
  readonly administrator?: object;
  readonly port?: number;
}

/** A user of a real MySQL, its secret with an administrator, and alternatingUsers() to rotate it. */
export async function pairRig(server: TestServer, given: PairRigOptions = {}) {
  const {
    app = newUser(),
    sql = '',
    granted = 'GRANT app TO admin WITH ADMIN OPTION',
    current = 'original',
    secret,
    administrator,
    ...others
  } = given;
  const { port = server.port, ...options } = others;
  const clone = options.pairs?.[app] ?? `${app}_clone`;
  const quoted = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  const named = (text: string) =>
    text.replaceAll(/\bapp(?:_clone)?\b/g, (name) => quoted(name === 'app' ? app : clone));
  if (server.flavour === 'mysql') {
    await server.sql(named(`CREATE USER app IDENTIFIED BY '${FIRST}'; ${granted}; ${sql}`));
  } else {
    await server.sql(named(`CREATE USER app IDENTIFIED BY '${FIRST}'`));
  }
  const common = { engine: 'mysql', host: 'localhost', port };
  const username = current === 'original' ? app : clone;
  const rigged = await rig(alternatingUsers({ ca: await certificate('ca.pem'), ...options }), {
    name: 'db',
    secret: { ...common, username, password: FIRST, masterarn: 'admin', ...secret },
    others: { admin: { ...common, username: 'admin', password: ADMIN, ...administrator } },
  });
  const label = async (name: string) => JSON.parse(await rigged.secretString(name));
  return {
    ...databaseRig(rigged),
    app,
    clone,
    named,
    accepts: (user: string, password: string) => isAccepted(server, user, password),
    /** The users, and passwords, of versions. */
    version: label,
    warnings: () => rigged.log.flatMap(({ warnings = [] }) => warnings),
    /** Runs statements as AWSCURRENT’s user, and returns what the last one answers. */
    async asCurrent(...statements: readonly string[]): Promise<readonly unknown[]> {
      const now = await label('AWSCURRENT');
      return inSession(server, [now.username, now.password], async (session) => {
        let answer: readonly object[] = [];
        for (const statement of statements) answer = await session.query(named(statement));
        return answer.map((row) => Object.values(row)[0]);
      });
    },
  };
}

/** All that the server has of users and of what they may do: whether anything was changed. */
export async function usersIn(server: TestServer): Promise<unknown> {
  const tables = [
    'user',
    'global_grants',
    'db',
    'tables_priv',
    'procs_priv',
    'proxies_priv',
    'role_edges',
    'default_roles',
  ];
  const found: Record<string, unknown> = {};
  for (const table of tables)
    found[table] = JSON.stringify(await server.sql(`SELECT * FROM mysql.${table} ORDER BY 1, 2, 3, 4`));
  return found;
}
