import { type Clause, type ContractSubject, lineTo, type TcpLine } from '../../src/testing/index.js';
import { endOf } from './mysql-login.js';
import { describeServers } from './mysql-programs.js';
import { startTestServer, type TestServer } from './mysql-servers.js';
import { certificate } from './postgres.js';
import { tried } from './thorough.js';
import { mayTakeAsLongAs } from './timeouts.js';

type Subject = Omit<ContractSubject<object, never>, 'rotator'>;

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';

/** What the contract is run on. */
export interface MysqlSubject {
  readonly title: string;
  readonly only?: TestServer['flavour'];
  /** Whether secrets say `"ssl": false`. */
  readonly isPlain?: boolean;
  /** Whether there is an administrator, and what else the user itself is granted, in SQL before `TO`. */
  readonly by: 'an administrator' | 'the user itself';
  /** Whether that administrator makes a clone of the user, which takes turns with it. */
  readonly isPair?: boolean;
  readonly granted?: string;
  readonly clausesOf: (subject: Subject, way: Way) => readonly Clause[];
}

/** How the rotator gets to the server. */
interface Way {
  readonly ca: string;
  /** The server's RSA key, if it has one. */
  readonly serverPublicKey: string | undefined;
}

/** Runs the contract against each server that there is. */
export function mysqlContract(given: MysqlSubject): void {
  const { title, only, isPlain = false, by, isPair = false, granted, clausesOf } = given;
  mayTakeAsLongAs('searches');
  describeServers(
    title,
    (program, test) => {
      let server: TestServer;
      let line: TcpLine;
      let way: Way;
      let count = 0;

      beforeAll(async () => {
        server = await startTestServer(program);
        await server.sql(
          `CREATE USER admin IDENTIFIED BY '${ADMIN}'; GRANT CREATE USER ON *.* TO admin; ` +
            (program.flavour === 'mariadb' ? 'GRANT SELECT (User, Host) ON mysql.user TO admin;' : '') +
            (isPair ? 'GRANT SELECT ON mysql.* TO admin' : ''),
        );
        line = await lineTo(server.port);
        way = { ca: await certificate('ca.pem'), serverPublicKey: await publicKeyOf(server) };
      });

      afterAll(async () => {
        await line.close();
        await server.stop();
      });

      const secretOf = (username: string, password: string) => ({
        ...{ engine: program.flavour, host: 'localhost', port: line.port, username, password },
        ...(isPlain && { ssl: false }),
      });
      const subject: Subject = {
        line: () => line,
        async reset() {
          const app = `app_${++count}`;
          await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
          if (isPair) await server.sql(`GRANT ${app} TO admin WITH ADMIN OPTION`);
          if (granted !== undefined) await server.sql(`GRANT ${granted} TO ${app}`);
          return { ...secretOf(app, FIRST), ...(by === 'an administrator' && { masterarn: 'admin' }) };
        },
        ...(by === 'an administrator' && { others: () => ({ admin: secretOf('admin', ADMIN) }) }),
        async accepts({ username, password }) {
          const end = await endOf(server, String(username), String(password));
          if (end === 'in' || end === 'rejected') return end === 'in';
          throw end;
        },
        credentials: () => (isPair ? usersOf : passwordsOf)(server, `app_${count}`),
      };
      const clauses = clausesOf(subject, {
        get ca() {
          return way.ca;
        },
        get serverPublicKey() {
          return way.serverPublicKey;
        },
      });
      for (const { name, run } of tried(clauses)) test(name, run);
    },
    (flavour) => only === undefined || flavour === only,
  );
}

/** How many passwords a server has of a user, whether they differ or not. */
export async function passwordsOf(server: TestServer, username: string): Promise<number> {
  const [row] =
    server.flavour === 'mysql'
      ? await server.sql(
          `SELECT JSON_CONTAINS_PATH(COALESCE(User_attributes, '{}'), 'one', '$.additional_password') + 1 AS n FROM mysql.user WHERE User = '${username}'`,
        )
      : await server.sql(
          `SELECT GREATEST(1, COALESCE(JSON_LENGTH(Priv, '$.auth_or'), 1)) AS n FROM mysql.global_priv WHERE User = '${username}'`,
        );
  return Number(row?.n);
}

/** How many of a pair there are. */
async function usersOf(server: TestServer, username: string): Promise<number> {
  const names = `'${username}', '${username}_clone'`;
  return (await server.sql(`SELECT User FROM mysql.user WHERE User IN (${names})`)).length;
}

/** MySQL's, for passwords without TLS. */
export async function publicKeyOf(server: TestServer): Promise<string | undefined> {
  const [row] = await server.sql("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'");
  return row && String(row.Value);
}
