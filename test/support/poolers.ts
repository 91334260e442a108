import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.js';
import { type DefineTest, describeInstalled } from './installed.js';
import { certificate } from './postgres.js';

/** A connection pooler in front of a server. */
export interface Pooler {
  readonly host: string;
  readonly port: number;
  /** What it has logged. */
  log(): string;
  /** Ends it and its sessions, and removes what was written for it. */
  stop(): Promise<void>;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

interface Login {
  readonly username: string;
  readonly password: string;
}

export interface PgBouncerOptions {
  readonly server: Place;
  readonly poolMode: 'session' | 'transaction' | 'statement';
  /** @default 'scram-sha-256' */
  readonly authType?: 'scram-sha-256' | 'md5' | 'plain' | 'trust' | 'any';
  /** auth_file: passwords, or verifiers, by user. */
  readonly users?: Readonly<Record<string, string>>;
  /** Who asks the server for the verifiers of users that are not in auth_file: auth_query. */
  readonly asksAs?: Login;
  /** The one user that it logs in as at the server, whoever the client is. */
  readonly forcedUser?: Login;
}

export async function startPgBouncer({
  server,
  poolMode,
  authType = 'scram-sha-256',
  users = {},
  asksAs,
  forcedUser,
}: PgBouncerOptions): Promise<Pooler> {
  const known = { ...users, ...(asksAs && { [asksAs.username]: asksAs.password }) };
  const forced = forcedUser ? ` user=${forcedUser.username} password=${forcedUser.password}` : '';
  return start('pgbouncer', 'process up', (folder, port) => ({
    files: {
      'users.txt': Object.entries(known)
        .map(([name, password]) => `"${name}" "${password}"\n`)
        .join(''),
      'pgbouncer.ini': [
        '[databases]',
        `* = host=${server.host} port=${server.port}${forced}`,
        '[pgbouncer]',
        'listen_addr = 127.0.0.1',
        `listen_port = ${port}`,
        'unix_socket_dir =',
        `auth_file = ${folder}/users.txt`,
        `auth_type = ${authType}`,
        `pool_mode = ${poolMode}`,
        ...(asksAs
          ? [
              `auth_user = ${asksAs.username}`,
              'auth_query = SELECT rolname, rolpassword FROM pg_authid WHERE rolname = $1',
            ]
          : []),
      ].join('\n'),
    },
    parameters: [`${folder}/pgbouncer.ini`],
  }));
}

export interface PgpoolOptions {
  readonly server: Place;
  /** pool_passwd: passwords by user. Without, it asks clients for theirs over TLS, in clear text, to log in with it. */
  readonly users?: Readonly<Record<string, string>>;
}

export async function startPgpool({ server, users }: PgpoolOptions): Promise<Pooler> {
  const ownPort = await freePort();
  const [cert, key] = await Promise.all(['server.pem', 'server.key'].map(certificate));
  const lines = (entries: object, line: (name: string, value: string) => string): string =>
    Object.entries(entries)
      .map(([name, value]) => `${line(name, value)}\n`)
      .join('');
  return start('pgpool', 'successfully started', (folder, port) => {
    const place = (name: string) => `${folder}/${name}`;
    const clients = users
      ? { enable_pool_hba: 'on', pool_passwd: place('pool_passwd') }
      : {
          allow_clear_text_frontend_auth: 'on',
          ssl: 'on',
          ssl_cert: place('server.pem'),
          ssl_key: place('server.key'),
        };
    const settings = {
      backend_clustering_mode: 'raw',
      listen_addresses: '127.0.0.1',
      port,
      pcp_listen_addresses: '127.0.0.1',
      pcp_port: ownPort,
      socket_dir: folder,
      pcp_socket_dir: folder,
      backend_hostname0: server.host,
      backend_port0: server.port,
      backend_data_directory0: folder,
      pid_file_name: place('pgpool.pid'),
      logdir: folder,
      num_init_children: 4,
      sr_check_period: 0,
      health_check_period: 0,
      ...clients,
    };
    return {
      files: {
        pool_passwd: lines(users ?? {}, (name, password) => `${name}:TEXT${password}`),
        'pool_hba.conf': 'host all all 127.0.0.1/32 scram-sha-256\n',
        'pcp.conf': '',
        'server.pem': cert!,
        'server.key': key!,
        'pgpool.conf': lines(settings, (name, value) => `${name} = '${value}'`),
      },
      parameters: ['-n', '-f', place('pgpool.conf'), '-F', place('pcp.conf'), '-a', place('pool_hba.conf')],
    };
  });
}

type Program = 'pgbouncer' | 'pgpool';

/** As root they run as nobody: PgBouncer refuses to run as root. */
const NOBODY = 65_534;
const IDENTITY = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

interface Setting {
  readonly files: Readonly<Record<string, string>>;
  readonly parameters: readonly string[];
}

async function start(
  program: Program,
  sign: string,
  setUp: (folder: string, port: number) => Setting,
): Promise<Pooler> {
  const folder = await mkdtemp(join(tmpdir(), `quarterturn-${program}-`));
  const port = await freePort();
  const { files, parameters } = setUp(folder, port);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  if (IDENTITY.uid) {
    for (const name of ['', ...(await readdir(folder))]) await chown(join(folder, name), NOBODY, NOBODY);
  }
  const child = spawn(find(program)!, parameters, {
    ...IDENTITY,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
        if (output.includes(sign)) resolve();
      });
    }
  });
  const end = async (): Promise<void> => {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(timer);
  };
  const failed = exited.then(() => {
    throw new Error(`${program} did not start: ${output.trim()}`);
  });
  const timer = setTimeout(() => void end(), 20_000);
  try {
    await Promise.race([ready, failed]);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    clearTimeout(timer);
  }
  failed.catch(() => {});
  return {
    host: '127.0.0.1',
    port,
    log: () => output,
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian puts them where only root’s PATH leads. */
function find(program: Program): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** Tests that need a pooler's program. */
export function describePooler(program: Program, title: string, define: (test: DefineTest) => void): void {
  const isInstalled = find(program) !== undefined;
  describeInstalled({ name: program, isInstalled, variable: 'QUARTERTURN_POOLERS' }, title, define);
}
