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

/** Whether a process of any user is running. A zombie is not. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It exists, and belongs to another user.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return !/^[ZX]$/.test(processOf(pid).state);
}

/** Returns a process's state on Linux, empty elsewhere. `startedAt` tells it from a later process with the same id. */
function processOf(pid: number): { readonly state: string; readonly startedAt: string } {
  try {
    // After the program's name, which may contain anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return { state: '', startedAt: '' };
  }
}

/** Writes a folder to disk: only then does a new name in it survive a crash. */
export function syncDirectory(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The holder touches its lock this often, and counts as gone if it did not for GONE_MS. */
const BEAT_MS = 2000;
const GONE_MS = 10_000;

/** Host, namespace of process ids, process id and start time; or what a crash of the machine leaves of them. */
const HOLDER = /^(?:\S+ \S+ \d+(?: \d+)?|[\s\0]*)$/;

/** A lock file: it says which process is using another file. */
export class Lock {
  readonly path: string;
  readonly #mine =
    `${hostname()} ${processSpace()} ${process.pid} ${processOf(process.pid).startedAt}`.trim();
  readonly #beat: NodeJS.Timeout;

  /**
   * Takes the lock, also from a process that is gone.
   *
   * @throws Error if another process has it
   */
  constructor(path: string) {
    this.path = path;
    const mine = `${path}.${randomUUID()}`;
    try {
      // Linked with its content: no lock is ever without its holder.
      writeFileSync(mine, this.#mine, { mode: 0o600 });
      this.#removeStale();
      linkSync(mine, path);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') throw this.#taken();
      throw codeOf(error) === undefined ? error : new Error(`cannot create ${path}: ${codeOf(error)}`);
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
      // Somebody deleted it, and knows why.
    }
  }

  #removeStale(): void {
    const holder = read(this.path);
    if (holder === undefined) return;
    if (!HOLDER.test(holder)) throw new Error(`${this.path} is not a lock file of quarterturn: move it away`);
    if (this.#isThere(holder)) throw this.#taken();
    const aside = `${this.path}.${randomUUID()}`;
    try {
      renameSync(this.path, aside);
      // If another process was quicker, this is its lock: put it back.
      if (read(aside) !== holder) linkSync(aside, this.path);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    } finally {
      rmSync(aside, { force: true });
    }
  }

  #isThere(holder: string): boolean {
    const [host, space, id, startedAt] = holder.split(' ');
    const pid = Number(id);
    // The machine crashed before the content was on disk.
    if (id === undefined) return false;
    // Process ids mean something only in the same namespace: a container has its own.
    if (host === hostname() && space === processSpace()) {
      const known = processOf(pid).startedAt;
      const isAnother = startedAt !== undefined && known !== '' && known !== startedAt;
      return pid !== process.pid && !isAnother && isRunning(pid);
    }
    return Math.abs(Date.now() - statSync(this.path).mtimeMs) < GONE_MS;
  }

  #taken(): Error {
    const [host, , pid] = (read(this.path) ?? '').split(' ');
    return new Error(
      `process ${pid} on ${host} is using it. Only if that process is gone, delete ${this.path}`,
    );
  }
}

/** Returns the namespace of process ids: on Linux, a container has its own. */
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

/** Returns the code of a Node.js error. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
