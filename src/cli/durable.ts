import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';

/** Whether a process is running, whosever it is. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
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

/** A file that says which process is using another. */
export class Lock {
  readonly path: string;

  /**
   * Takes the lock, or that of a process that is gone.
   *
   * @throws Error if another process has it
   */
  constructor(path: string) {
    this.path = path;
    const mine = `${path}.${process.pid}`;
    try {
      // With its content from the first moment: a lock is never without its holder.
      writeFileSync(mine, String(process.pid), { mode: 0o600 });
      this.#removeStale();
      linkSync(mine, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw this.#taken(readFileSync(path, 'utf8'));
      if (codeOf(error) === undefined) throw error;
      throw new Error(`cannot make ${path}: ${codeOf(error)}`);
    } finally {
      rmSync(mine, { force: true });
    }
  }

  release(): void {
    if (holderOf(this.path) === String(process.pid)) rmSync(this.path, { force: true });
  }

  #removeStale(): void {
    const holder = holderOf(this.path);
    if (holder === undefined) return;
    // In a container every first process has the same id: a lock with ours is from an earlier life.
    if (holder !== String(process.pid) && isRunning(Number(holder))) throw this.#taken(holder);
    const aside = `${this.path}.stale.${process.pid}`;
    renameSync(this.path, aside);
    const moved = readFileSync(aside, 'utf8');
    if (moved !== holder) {
      // Another process was quicker, and this is its own.
      renameSync(aside, this.path);
      throw this.#taken(moved);
    }
    rmSync(aside, { force: true });
  }

  #taken(holder: string): Error {
    return new Error(`process ${Number(holder)} has it in use; if it has not, delete ${this.path}`);
  }
}

function holderOf(lock: string): string | undefined {
  try {
    return readFileSync(lock, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The code of an error of Node.js. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
