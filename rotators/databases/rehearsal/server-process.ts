import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, lchown, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** As root a server runs as nobody: most refuse to run as root, and no user has to be made for it. */
const NOBODY = 65_534;

/** Whom a server, and what it is made with, runs as: for the options of `spawn`. */
export const IDENTITY: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

/** A server that runs. */
export interface ServerProcess {
  /** What it has written to its standard output and error. */
  log(): string;
  /** Ends it, and waits until it has ended. */
  stop(): Promise<void>;
}

/**
 * Makes a temporary folder for a server, which that can read and write.
 *
 * @param product for messages, and, in small letters, for the folder's name
 * @throws Error if temporary folders are closed to the user that the server runs as
 */
export async function makeHome(product: string): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), `quarterturn-${product.toLowerCase()}-`));
  await giveAway(home);
  if (await isReachable(dirname(home))) return home;
  await rm(home, { recursive: true, force: true });
  throw new Error(`${tmpdir()} is closed to the user that ${product} runs as: set TMPDIR to another folder`);
}

/** Makes a folder, or a file, and what is in it that user's. What root copies has the modes of the original. */
export async function giveAway(path: string): Promise<void> {
  if (IDENTITY.uid === undefined) return;
  const names = (await stat(path)).isDirectory() ? await readdir(path, { recursive: true }) : [];
  await chown(path, NOBODY, NOBODY);
  for (const name of names) await lchown(join(path, name), NOBODY, NOBODY);
}

/** Whether that user can get to a path. A root's home is closed to nobody, and so is all that is below it. */
export async function isReachable(path: string): Promise<boolean> {
  const { mode } = await stat(path);
  const isOpen = IDENTITY.uid === undefined || (mode & 0o001) === 0o001;
  const parent = dirname(path);
  return isOpen && (parent === path || isReachable(parent));
}

/** Finds a port of 127.0.0.1 at which nobody listens. */
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
 * @param program `ready`: what it writes then; `stop`: the signal that ends it, without waiting for its clients
 * @throws Error with what it has written, if it ends before
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
  // It recovers nothing and listens on loopback: a minute is more than it ever takes.
  const timer = setTimeout(() => server.kill('SIGKILL'), 60_000);
  await Promise.race([ready, failed]).finally(() => clearTimeout(timer));
  failed.catch(() => {});
  return {
    log: () => output,
    async stop() {
      server.kill(program.stop);
      // For a server that hangs.
      const timer = setTimeout(() => server.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
    },
  };
}
