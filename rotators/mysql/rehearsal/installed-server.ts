import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import {
  freePort,
  giveAway,
  IDENTITY,
  makeHome,
  run,
  type ServerProcess,
} from '../../databases/rehearsal/server-process.js';
import type { Program } from './programs.js';

/** A server in a temporary folder, without TLS. */
export interface InstalledServer {
  readonly host: string;
  readonly port: number;
  /** MySQL's RSA public key, in PEM, which encrypts passwords on their way. */
  readonly publicKey: string | undefined;
  /** Stops the server, and removes its files. */
  stop(): Promise<void>;
}

/** Uses little memory, and does not protect data from a crash. */
const SMALL = [
  '--innodb-buffer-pool-size=16M',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
];
const FLAGS = {
  mysql: [...SMALL, '--innodb-use-native-aio=OFF', '--secure-file-priv=NULL', '--mysqlx=OFF'],
  mariadb: [...SMALL, '--innodb-log-file-size=8M'],
};

/** Locks root, which would get in without a password. */
const WITHOUT_ROOT = {
  mysql: ['ALTER USER root@localhost ACCOUNT LOCK'],
  mariadb: ["DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys'", 'FLUSH PRIVILEGES'],
};

/**
 * Starts a server on 127.0.0.1. Only users that the SQL creates can log in.
 *
 * @param sql statements of one line each, which the server runs before it lets anybody in
 * @throws Error with the server's output, if it does not start
 */
export async function startServer(program: Program, sql: readonly string[]): Promise<InstalledServer> {
  const home = await makeHome(program.product);
  const clean = () => rm(home, { recursive: true, force: true });
  try {
    const directory = join(home, 'data');
    await initialise(program, directory);
    const initFile = join(home, 'init.sql');
    const statements = [...WITHOUT_ROOT[program.flavour], ...sql];
    await writeFile(initFile, statements.map((statement) => `${statement};\n`).join(''), { mode: 0o600 });
    await giveAway(initFile);
    const { port, stop } = await listen(program, directory, initFile);
    try {
      await rm(initFile);
      return {
        host: '127.0.0.1',
        port,
        publicKey: program.flavour === 'mysql' ? await readKey(directory) : undefined,
        stop: () => stop().then(clean),
      };
    } catch (error) {
      await stop();
      throw error;
    }
  } catch (error) {
    await clean();
    throw error;
  }
}

async function listen(
  program: Program,
  directory: string,
  initFile: string,
): Promise<ServerProcess & { readonly port: number }> {
  const port = await freePort();
  const flags = [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    // Relative to the data: a full path may be too long for a socket.
    '--socket=socket',
    `--init-file=${initFile}`,
    '--performance-schema=OFF',
    ...(program.flavour === 'mysql' ? ['--skip-log-bin'] : []),
  ];
  const [command, ...first] = program.command;
  const server = await run({
    product: program.product,
    command,
    args: [...first, ...flagsOf(program, directory), ...flags],
    ready: /ready for connections.*port: [1-9]/s,
    // Its files are removed, so it need not shut down in order.
    stop: 'SIGKILL',
  });
  return { ...server, port };
}

/** Returns the arguments for a data folder, with temporary files beside it. */
export function flagsOf({ flavour }: Pick<Program, 'flavour'>, directory: string): readonly string[] {
  // The server's user may not be able to enter the machine's temporary folder.
  return [...FLAGS[flavour], `--datadir=${directory}`, `--tmpdir=${dirname(directory)}`];
}

/** Initialises a new server's data, in a folder that does not exist yet. */
export async function initialise(program: Program, directory: string): Promise<void> {
  const { product, flavour, command } = program;
  if (flavour === 'mariadb') {
    await mkdir(directory);
    await giveAway(directory);
  }
  const [path, ...first] = command;
  const mode = flavour === 'mysql' ? '--initialize-insecure' : '--bootstrap';
  const input = flavour === 'mysql' ? '' : await ownTables(program);
  const server = spawn(path, [...first, ...flagsOf(program, directory), mode], {
    ...IDENTITY,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  server.stdin.on('error', () => {});
  server.stdin.end(input);
  const [code] = await once(server, 'close');
  if (code !== 0) throw new Error(`${product} could not be initialised: ${output.trim()}`);
}

/** Returns the SQL of MariaDB's install script, without the help texts. The script itself expects the system's paths. */
async function ownTables(program: Program): Promise<string> {
  const share = await shareOf(program);
  const names = await readdir(share).catch(() => []);
  const files = ['system_tables', 'performance_tables', 'system_tables_data'].map((part) => {
    const name = names.find((name) => /^(?:mysql|mariadb)_/.test(name) && name.endsWith(`_${part}.sql`));
    if (name !== undefined) return readFile(join(share, name), 'utf8');
    throw new Error(`${share} has no *_${part}.sql: install all of MariaDB’s server (\`mariadb-server\`)`);
  });
  const own = ['create database mysql;', 'use mysql;', 'SET @auth_root_socket=NULL;'];
  return [...own, ...(await Promise.all(files))].join('\n');
}

/** Asks MariaDB where its own files are. */
async function shareOf({ command: [path, ...first] }: Program): Promise<string> {
  const options = { ...IDENTITY, maxBuffer: 16 * 1024 * 1024 };
  const { stdout } = await promisify(execFile)(path, [...first, '--verbose', '--help'], options);
  const charsets = /^character-sets-dir +(\/.*?)\/?$/m.exec(stdout)?.[1];
  if (charsets === undefined) throw new Error(`${path} does not show where its files are`);
  return dirname(charsets);
}

/** Reads the key that MySQL makes when it starts. */
function readKey(directory: string): Promise<string> {
  return readFile(join(directory, 'public_key.pem'), 'utf8');
}
