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

/** Whether a process is running, whosever it is: not one that has ended, and that its parent has not asked about yet. */
export function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, and somebody else's.
    if (codeOf(error) !== 'EPERM') return false;
  }
  return !/^[ZX]$/.test(processOf(pid).state);
}

/** What Linux says of a process: each is empty where nobody does. `startedAt` tells it from a later one with its number. */
function processOf(pid: number): { readonly state: string; readonly startedAt: string } {
  try {
    // Behind the program's name, in which anything may stand.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return { state: fields[0] ?? '', startedAt: fields[19] ?? '' };
  } catch {
    return { state: '', startedAt: '' };
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

/** Host, space of process ids, process id, and when the process began; or what a crash of the machine leaves of that. */
const HOLDER = /^(?:\S+ \S+ \d+(?: \d+)?|[\s\0]*)$/;

/** A file that says which process is using another. */
export class Lock {
  readonly path: string;
  readonly #mine =
    `${hostname()} ${processSpace()} ${process.pid} ${processOf(process.pid).startedAt}`.trim();
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
    if (!HOLDER.test(holder)) throw new Error(`${this.path} is not a lock of quarterturn: move it away`);
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
    const [host, space, id, startedAt] = holder.split(' ');
    const pid = Number(id);
    // The machine has crashed before its content was on disk.
    if (id === undefined) return false;
    // Only among one's own processes can be looked: in a container, ids say nothing about those outside.
    if (host === hostname() && space === processSpace()) {
      const known = processOf(pid).startedAt;
      const isAnother = startedAt !== undefined && known !== '' && known !== startedAt;
      return pid !== process.pid && !isAnother && isRunning(pid);
    }
    return Math.abs(Date.now() - statSync(this.path).mtimeMs) < GONE_MS;
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
