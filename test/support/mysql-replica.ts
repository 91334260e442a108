import type { Program } from './mysql-programs.js';
import { startTestServer, type TestServer } from './mysql-servers.js';
import { RdsServer } from './rds-server.js';

const ZONE = 'c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com';

/** A server, a replica of it, and an RDS that knows both: `writer`, `reader`, and `stranger`, which is of another source. */
export interface Replication {
  readonly source: TestServer;
  readonly replica: TestServer;
  /** What a secret says of one of these. */
  place(id: 'writer' | 'reader' | 'stranger'): { readonly engine: string; readonly host: string };
  /** For the option of that name: to the source for the writer's secrets, to the replica for all others. */
  connectTo(secret: { readonly host: string }): { readonly host: string; readonly port: number };
  /** Has the replica apply nothing, while `work` is done. */
  whileItLags<T>(work: () => Promise<T>): Promise<T>;
  /** Waits until the replica has all that the source has made so far. */
  caughtUp(): Promise<void>;
  /** Has MySQL give each change a number that is the same at both servers, or none, as RDS does by default. MariaDB always does. */
  numbered(mode: 'ON_PERMISSIVE' | 'OFF_PERMISSIVE'): Promise<void>;
  /** How many logins of a user the replica has refused. */
  refused(username: string): Promise<number>;
  stop(): Promise<void>;
}

// One for all: the SDK's client keeps its address.
let rds: RdsServer | undefined;

export async function startReplication(program: Program): Promise<Replication> {
  const isMysql = program.flavour === 'mysql';
  const numbers = isMysql ? ['--gtid-mode=OFF_PERMISSIVE', '--enforce-gtid-consistency=ON'] : [];
  const source = await startTestServer(program, { logs: true, flags: numbers });
  const flags = [...numbers, '--server-id=2', '--read-only=1'];
  const replica = await startTestServer(program, { logs: true, flags });
  const [sql, master] = isMysql ? ['REPLICA', 'SOURCE'] : ['SLAVE', 'MASTER'];
  await source.sql("CREATE USER copier IDENTIFIED BY 'copier-1'; GRANT REPLICATION SLAVE ON *.* TO copier");
  if (!isMysql) await source.sql('GRANT REPLICA MONITOR ON *.* TO copier');
  const position = async () => {
    const [status] = await source.sql(isMysql ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS');
    return { file: String(status?.File), position: Number(status?.Position) };
  };
  const begin = await position();
  await replica.sql(
    `CHANGE ${isMysql ? 'REPLICATION SOURCE' : 'MASTER'} TO ${master}_HOST = '127.0.0.1', ${master}_PORT = ${source.port}, ` +
      `${master}_USER = 'copier', ${master}_PASSWORD = 'copier-1', ${master}_LOG_FILE = '${begin.file}', ` +
      `${master}_LOG_POS = ${begin.position}${isMysql ? ', GET_SOURCE_PUBLIC_KEY = 1' : ''}; START ${sql}`,
  );
  rds ??= await RdsServer.start(async () => {});
  const parts = { reader: { ReadReplicaSourceDBInstanceIdentifier: 'writer' } };
  for (const id of ['writer', 'reader', 'stranger'])
    rds.account.addInstance(id, { Engine: program.flavour, ...(id === 'reader' && parts.reader) });
  return {
    source,
    replica,
    place: (id) => ({ engine: program.flavour, host: `${id}.${ZONE}` }),
    connectTo: ({ host }) => ({
      host: 'localhost',
      port: (host.startsWith('writer') ? source : replica).port,
    }),
    async whileItLags(work) {
      await replica.sql(`STOP ${sql} SQL_THREAD`);
      return work().finally(() => replica.sql(`START ${sql} SQL_THREAD`));
    },
    async caughtUp() {
      const { file, position: at } = await position();
      const [row] = await replica.sql(`SELECT ${master}_POS_WAIT('${file}', ${at}, 20) AS waited`);
      if (row?.waited === null || Number(row?.waited) < 0) throw new Error('the replica does not catch up');
    },
    async numbered(mode) {
      if (!isMysql) return;
      await source.sql(`SET GLOBAL gtid_mode = ${mode}`);
    },
    refused: async (username) =>
      (await replica.log('general')).split(`Access denied for user '${username}'@`).length - 1,
    async stop() {
      await replica.stop();
      await source.stop();
    },
  };
}

/** Ends the RDS of all of them. */
export async function stopRds(): Promise<void> {
  await rds?.stop();
  rds = undefined;
}
