import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, lchown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Root starts servers as `nobody`: most refuse to run as root, and this user always exists. */
const NOBODY = 65_534;

/** User of a server and of the programs that create it, as options for `spawn`. */
export const IDENTITY: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** A running server. */
export interface ServerProcess {
  /** Returns its output, both streams. */
  log(): string;
  /** Stops it, and waits until it has exited. */
  stop(): Promise<void>;
}

/**
 * Makes a temporary folder that a server can read and write.
 *
 * @param product for messages and, in lower case, for the folder's name
 * @throws Error if the server's user cannot enter the folder for temporary files
 */
export async function makeHome(product: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), `quarterturn-${product.toLowerCase()}-`));
  await giveAway(home);
  if (await isReachable(dirname(home))) return home;
  await rm(home, { recursive: true, force: true });
  throw new Error(`the user that runs ${product} cannot enter ${tmpdir()}: set TMPDIR to another folder`);
}

/** Gives a file, or a folder and its content, to the server's user. Copies made by root keep the original's modes. */
export async function giveAway(path: string): Promise<void> {
  if (IDENTITY.uid === undefined) return;
  const names = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
  await chown(path, NOBODY, NOBODY);
  for (const name of names) await lchown(join(path, name), NOBODY, NOBODY);
}

/** Whether the server's user can reach a path. `nobody` cannot enter root's home. */
export async function isReachable(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const isOpen = IDENTITY.uid === undefined || (mode & 0o001) === 0o001;
  const parent = dirname(path);
  return isOpen && (parent === path || isReachable(parent));
}

/** Finds a free port of 127.0.0.1. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port was found');
  return address.port;
}

/**
 * Starts a server, and waits until it says that it is ready.
 *
 * @param program `ready`: its output when it is ready; `stop`: the signal that stops it without waiting for clients
 * @throws Error with its output, if it exits before it is ready
 */
export async function run(program: {
  readonly product: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly ready: string | RegExp;
  readonly stop: NodeJS.Signals;
  readonly env?: NodeJS.ProcessEnv;
}): Promise<ServerProcess> {
  const { product, command, args, env } = program;
  const server = spawn(command, args, {
    ...IDENTITY,
    ...(env && { env }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const exited = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', (error) => {
      output += error.message;
      resolve();
    });
  });
  const ready = new Promise<void>((resolve) => {
    const read = (chunk: Buffer): void => {
      output += chunk;
      if (output.match(program.ready)) resolve();
    };
    server.stdout.on('data', read);
    server.stderr.on('data', read);
  });
  const failed = exited.then(() => {
    throw new Error(`${product} did not start: ${output.trim()}`);
  });
  // A new server has nothing to recover: a minute is more than enough.
  const timer = setTimeout(() => server.kill('SIGKILL'), 60_000);
  await Promise.race([ready, failed]).finally(() => clearTimeout(timer));
  failed.catch(() => {});
  return {
    log: () => output,
    async stop() {
      server.kill(program.stop);
      // If the server hangs.
      const timer = setTimeout(() => server.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}
