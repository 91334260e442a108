import { type Clause, type ContractSubject, lineTo, type TcpLine } from '../../src/testing/index.js';
import { startTestServer, type TestServer } from './postgres.js';
import { isThorough, tried } from './thorough.js';

type Subject = Omit<ContractSubject<object, never>, 'rotator'>;

const FIRST = 'frst-9Kx2-7bqw';
const ADMIN = 'xk83-Qmw71-plv';

/** What a rotator of PostgreSQL's users is tried on: another user for each `reset`. */
export interface PostgresSubjects {
  /** A user that changes its own password. */
  readonly alone: Subject;
  /** One that an administrator may change. */
  readonly withAdministrator: Subject;
  /** How many users the last `reset` has led to: it, and its clone. */
  users(): Promise<number>;
}

/** Runs the contract against real servers. */
export function postgresContract(
  title: string,
  clausesOf: (subjects: PostgresSubjects) => readonly Clause[],
): void {
  describe.each(isThorough ? [18, 15] : [18])('on PostgreSQL %i,', (major) => {
    let server: TestServer;
    let line: TcpLine;
    let count = 0;

    beforeAll(async () => {
      server = await startTestServer(major === 15 ? { major } : {});
      await server.sql(`CREATE ROLE admin LOGIN CREATEROLE PASSWORD '${ADMIN}'`);
      line = await lineTo(server.port);
    });

    afterAll(async () => {
      await line.close();
      await server.stop();
    });

    async function reset(more: object = {}) {
      const app = `app_${++count}`;
      await server.sql(
        `CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'; GRANT "${app}" TO admin WITH ADMIN OPTION`,
      );
      return JSON.parse(server.secret(app, FIRST, { port: line.port, ...more }));
    }

    const service = {
      accepts: ({ username, password }: Record<string, unknown>) =>
        server.accepts(String(username), String(password)),
      line: () => line,
    };
    const clauses = clausesOf({
      alone: { ...service, reset: () => reset() },
      withAdministrator: {
        ...service,
        reset: () => reset({ masterarn: 'admin' }),
        others: () => ({ admin: JSON.parse(server.secret('admin', ADMIN, { port: line.port })) }),
      },
      async users() {
        const roles = `SELECT FROM pg_roles WHERE rolname IN ('app_${count}', 'app_${count}_clone')`;
        return (await server.sql(roles)).length;
      },
    });
    // Message by message the two majors answer alike.
    test.each(tried(clauses, major === 18 ? 'when thorough' : 'never'))(`${title} $name`, ({ run }) => run());
  });
}
