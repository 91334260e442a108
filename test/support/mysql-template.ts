import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Program } from './mysql-programs.js';

/** As root the server runs as nobody. */
export const NOBODY = 65_534;
const IDENTITY = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** Small, and careless about a crash of the machine. */
const SMALL = [
  '--innodb-buffer-pool-size=16M',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-doublewrite=OFF',
];
const FLAGS = {
  mysql: [...SMALL, '--innodb-use-native-aio=OFF', '--secure-file-priv=NULL', '--mysqlx=OFF'],
  mariadb: [...SMALL, '--innodb-log-file-size=8M'],
};

/** A folder that the server may write to, for what one server has. */
export async function homeOf(program: Program): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), `quarterturn-${program.flavour}-`));
  if (IDENTITY.uid) await chown(home, NOBODY, NOBODY);
  return home;
}

/** Runs the program on the data in a folder. What a bootstrap is to do is its input. */
export function start(program: Program, directory: string, flags: readonly string[]) {
  const [path, ...first] = program.command;
  const all = [...first, ...FLAGS[program.flavour], `--datadir=${directory}`, ...flags];
  return spawn(path, all, { ...IDENTITY, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The data that a new server has are made once in a run of the tests: it takes longer than most of them. */
export async function templateOf(program: Program): Promise<string> {
  const kept = join(
    String(process.env.QUARTERTURN_TEST_RUN),
    `${program.name.replace(' ', '-')}-${program.version}`,
  );
  if (!existsSync(kept)) {
    const home = await homeOf(program);
    await initialise(program, join(home, 'data'));
    execFileSync('cp', ['-a', join(home, 'data'), `${home}-kept`]);
    // Another process may have been faster.
    await rename(`${home}-kept`, kept).catch(() => rm(`${home}-kept`, { recursive: true }));
    await rm(home, { recursive: true });
  }
  return kept;
}

async function initialise(program: Program, directory: string): Promise<void> {
  const isMysql = program.flavour === 'mysql';
  if (!isMysql) execFileSync('mkdir', [directory], IDENTITY);
  const server = start(program, directory, [isMysql ? '--initialize-insecure' : '--bootstrap']);
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk) => (output += chunk));
  server.stdin.on('error', () => {});
  server.stdin.end(isMysql ? '' : ownTables(program.share));
  const [code] = await once(server, 'close');
  if (code !== 0) throw new Error(`${program.name} could not be initialised: ${output.trim()}`);
}

/** What MariaDB's install script has it run, without the help texts. It looks for binaries where the system has them. */
function ownTables(share: string): string {
  const files = ['system_tables', 'performance_tables', 'system_tables_data'].map((part) => {
    const name = readdirSync(share).find(
      (file) => /^(?:mysql|mariadb)_/.test(file) && file.endsWith(`_${part}.sql`),
    );
    return readFileSync(join(share, String(name)), 'utf8');
  });
  return ['create database mysql;', 'use mysql;', 'SET @auth_root_socket=NULL;', ...files].join('\n');
}
