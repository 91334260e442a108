import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';

/** Whether a process is running, whosever it is. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return codeOf(error) === 'EPERM';
  }
}

/** A new name is safe only once its folder is written. */
export function syncDirectory(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The holder shows so often that it is there, and has gone if it did not for so long. */
const BEAT_MS = 2000;
const GONE_MS = 10_000;

/** A file that says which process is using another. */
export class Lock {
  readonly path: string;
  readonly #mine = `${hostname()} ${processSpace()} ${process.pid}`;
  readonly #beat: NodeJS.Timeout;

  /**
   * Takes the lock, or that of a process that is gone.
   *
   * @throws Error if another process has it
   */
  constructor(path: string) {
    this.path = path;
    const mine = `${path}.${randomUUID()}`;
    try {
      // With its content from the first moment: a lock is never without its holder.
      writeFileSync(mine, this.#mine, { mode: 0o600 });
      this.#removeStale();
      linkSync(mine, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw this.#taken();
      throw codeOf(error) === undefined ? error : new Error(`cannot make ${path}: ${codeOf(error)}`);
    } finally {
      rmSync(mine, { force: true });
    }
    this.#beat = setInterval(() => this.#show(), BEAT_MS).unref();
  }

  release(): void {
    clearInterval(this.#beat);
    if (read(this.path) === this.#mine) rmSync(this.path, { force: true });
  }

  #show(): void {
    try {
      utimesSync(this.path, new Date(), new Date());
    } catch {
      // Somebody has deleted it, who will know why.
    }
  }

  #removeStale(): void {
    const holder = read(this.path);
    if (holder === undefined) return;
    if (this.#isThere(holder)) throw this.#taken();
    const aside = `${this.path}.${randomUUID()}`;
    try {
      renameSync(this.path, aside);
      // Another process may have been quicker, and this be its own: then it is put back.
      if (read(aside) !== holder) linkSync(aside, this.path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  }

  #isThere(holder: string): boolean {
    const [host, space, pid] = holder.split(' ');
    // Only among one's own processes can be looked: in a container, ids say nothing about those outside.
    if (host === hostname() && space === processSpace()) {
      return Number(pid) !== process.pid && isRunning(Number(pid));
    }
    return Date.now() - statSync(this.path).mtimeMs < GONE_MS;
  }

  #taken(): Error {
    const [host, , pid] = (read(this.path) ?? '').split(' ');
    return new Error(`process ${pid} on ${host} has it in use; if it has not, delete ${this.path}`);
  }
}

/** Within which process ids are unique: on Linux, a container has its own. */
function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return 'all';
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The code of an error of Node.js. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
