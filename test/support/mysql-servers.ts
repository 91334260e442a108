import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { freePort } from './free-port.js';
import type { Program } from './mysql-programs.js';
import { homeOf, NOBODY, start, templateOf } from './mysql-template.js';
import { certificate } from './postgres.js';

/** A real server for tests, and root's way into it. */
export interface TestServer {
  readonly flavour: Program['flavour'];
  readonly version: string;
  readonly host: '127.0.0.1';
  readonly port: number;
  /** The folder of its data, and the Unix socket that root gets in by without a password. */
  readonly directory: string;
  readonly socketPath: string;
  /** Runs SQL as root, over the server's socket. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** All that the server has written to a log: with `logs`, to those of statements and changes, too. */
  log(kind: 'error' | 'general' | 'slow' | 'binary'): Promise<string>;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** Whether it offers TLS, with the certificate for `localhost`. @default true */
  readonly tls?: boolean;
  /** Logs every statement, and every change, and has a performance_schema. */
  readonly logs?: boolean;
  /** More arguments of the program. */
  readonly flags?: readonly string[];
}

export async function startTestServer(
  program: Program,
  options: TestServerOptions = {},
): Promise<TestServer> {
  const home = await homeOf(program);
  try {
    const directory = join(home, 'data');
    execFileSync('cp', ['-a', await templateOf(program), directory]);
    // What MySQL tells servers apart by, in a replication.
    await rm(join(directory, 'auto.cnf'), { force: true });
    const port = await freePort();
    const socketPath = join(home, 'socket');
    const place = [
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${socketPath}`,
      `--pid-file=${home}/pid`,
    ];
    const server = await run(program, directory, [
      ...place,
      ...(await tlsFlags(program, home, options.tls ?? true)),
      ...logFlags(program, home, options.logs ?? false),
      ...(options.flags ?? []),
    ]);
    const root = await rootOf(socketPath).catch(async (error) => {
      await server.kill();
      throw error;
    });
    return {
      flavour: program.flavour,
      version: program.version,
      host: '127.0.0.1',
      port,
      directory,
      socketPath,
      sql: root.sql,
      log: async (kind) => (kind === 'error' ? server.errors() : readLogs(home, kind)),
      async stop() {
        root.end();
        await server.kill();
        await rm(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function tlsFlags({ flavour }: Program, home: string, isOn: boolean): Promise<readonly string[]> {
  if (!isOn) return flavour === 'mysql' ? ['--tls-version=', '--auto-generate-certs=OFF'] : ['--skip-ssl'];
  const files = { ca: 'client-ca.pem', cert: 'server.pem', key: 'server.key' };
  for (const name of Object.values(files)) {
    await writeFile(join(home, name), await certificate(name), { mode: 0o600 });
    if (process.getuid?.() === 0) await chown(join(home, name), NOBODY, NOBODY);
  }
  return Object.entries(files).map(([option, name]) => `--ssl-${option}=${join(home, name)}`);
}

function logFlags({ flavour }: Program, home: string, isOn: boolean): readonly string[] {
  if (!isOn) return ['--performance-schema=OFF', ...(flavour === 'mysql' ? ['--skip-log-bin'] : [])];
  return [
    '--performance-schema=ON',
    '--performance-schema-instrument=statement/%=ON',
    ...['current', 'history', 'history-long'].map(
      (events) => `--performance-schema-consumer-events-statements-${events}=ON`,
    ),
    '--general-log=1',
    `--general-log-file=${join(home, 'general.log')}`,
    '--slow-query-log=1',
    '--long-query-time=0',
    `--slow-query-log-file=${join(home, 'slow.log')}`,
    '--server-id=1',
    `--log-bin=${join(home, 'binary')}`,
  ];
}

async function readLogs(home: string, kind: 'general' | 'slow' | 'binary'): Promise<string> {
  const isOf = (name: string) => (kind === 'binary' ? /^binary\.\d+$/.test(name) : name === `${kind}.log`);
  const files = (await readdir(home)).filter(isOf).map((name) => readFile(join(home, name), 'latin1'));
  if (files.length === 0) throw new Error(`the server writes no ${kind} log: start it with \`logs\``);
  return (await Promise.all(files)).join('\n');
}

/** Root's session. Statements wait for each other. */
async function rootOf(socketPath: string) {
  const root = await createConnection({ socketPath, user: 'root', multipleStatements: true });
  root.on('error', () => {});
  let last: Promise<unknown> = Promise.resolve();
  return {
    sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
      const answer = last.then(async () => (await root.query<RowDataPacket[]>(text))[0]);
      last = answer.catch(() => {});
      return answer;
    },
    end: () => root.destroy(),
  };
}

async function run(program: Program, directory: string, flags: readonly string[]) {
  const server = start(program, directory, flags);
  let output = '';
  const exited = once(server, 'exit');
  const ready = new Promise<void>((resolve) => {
    server.stderr.on('data', (chunk) => {
      output += chunk;
      if (/ready for connections.*port: [1-9]/s.test(output)) resolve();
    });
  });
  server.stdout.resume();
  const failed = exited.then(() => {
    throw new Error(`${program.name} did not start: ${output.trim()}`);
  });
  const kill = async (): Promise<void> => {
    // What it has written is removed: nobody needs it to end in order.
    server.kill('SIGKILL');
    await exited;
  };
  const timer = setTimeout(() => void kill(), 60_000);
  await Promise.race([ready, failed]).finally(() => clearTimeout(timer));
  failed.catch(() => {});
  return { errors: () => output, kill };
}
