import {
  closeSync,
  fchmodSync,
  fdatasyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Archive } from '../../local/store/store.js';
import type { StoredSecret } from '../../local/store/stored-secret.js';
import { codeOf, Lock, syncDirectory } from '../durable.js';
import { HEADER, lineOf, lineOfForgotten, linesOf, readLines, type Written } from './state-lines.js';

/** The file is written anew once it has grown by this many bytes, plus this multiple of its last size. */
const GROWTH_BYTES = 1_048_576;
const GROWTH_FACTOR = 4;

/**
 * The secrets of `quarterturn local`, in a file that only its owner may read: one line of JSON per change, on disk before the
 * change is answered. A crash leaves at most an unfinished last line, whose change was not answered.
 */
export class StateFile implements Archive {
  readonly secrets: readonly StoredSecret[];
  /** The file that holds an unfinished last line, if there was one. */
  readonly torn: string | undefined;
  readonly #path: string;
  readonly #lock: Lock;
  readonly #kept = new Map<string, StoredSecret>();
  #written = new Map<string, Written>();
  #file = -1;
  #size = 0;
  /** The size at which the file is written anew. */
  #mostSize = 0;

  /**
   * Reads a state file, or begins one, and locks it for this process.
   *
   * @throws Error that quotes nothing of the file
   */
  constructor(path: string) {
    this.#path = realPath(path);
    try {
      this.#lock = new Lock(`${this.#path}.lock`);
    } catch (error) {
      throw new Error(`cannot use the state ${path}: ${error instanceof Error ? error.message : ''}`);
    }
    try {
      const { secrets, rest } = readLines(linesIn(this.#path), this.#path);
      if (rest !== undefined) this.torn = putAside(rest, this.#path);
      this.secrets = secrets;
      for (const secret of this.secrets) this.#kept.set(secret.arn, secret);
      this.#writeAnew();
    } catch (error) {
      this.#lock.release();
      throw error;
    }
  }

  keep(secret: StoredSecret): void {
    const written = new Map(this.#written.get(secret.arn));
    this.#append(lineOf(secret, written));
    this.#written.set(secret.arn, written);
    this.#kept.set(secret.arn, secret);
    if (this.#size <= this.#mostSize) return;
    try {
      this.#writeAnew();
    } catch {
      // The change is safe where it is. Later there may be more space.
      this.#mostSize = 2 * this.#size;
    }
  }

  forget(secret: StoredSecret): void {
    this.#append(lineOfForgotten(secret));
    this.#kept.delete(secret.arn);
    this.#written.delete(secret.arn);
  }

  close(): void {
    closeSync(this.#file);
    this.#lock.release();
  }

  /** Writes the file without outdated and unfinished lines, and with the right mode. */
  #writeAnew(): void {
    const unfinished = `${this.#path}.part`;
    let file = -1;
    try {
      rmSync(unfinished, { force: true });
      file = openSync(unfinished, 'wx', 0o600);
      // Whatever the umask takes away.
      fchmodSync(file, 0o600);
      let size = writeAll(file, HEADER);
      const all = new Map<string, Written>();
      for (const secret of this.#kept.values()) {
        const written: Written = new Map();
        for (const line of linesOf(secret, written)) size += writeAll(file, line);
        all.set(secret.arn, written);
      }
      fdatasyncSync(file);
      renameSync(unfinished, this.#path);
      // From here on, this is the file, even if a later call fails.
      if (this.#file >= 0) closeSync(this.#file);
      this.#file = file;
      this.#size = size;
      this.#mostSize = GROWTH_BYTES + GROWTH_FACTOR * size;
      this.#written = all;
    } catch (error) {
      if (file >= 0) closeSync(file);
      throw new Error(`cannot write the state ${this.#path}: ${codeOf(error)}`);
    }
    syncDirectory(dirname(this.#path));
  }

  #append(line: string): void {
    try {
      const size = writeAll(this.#file, line, this.#size);
      fdatasyncSync(this.#file);
      this.#size += size;
    } catch (error) {
      // The next line must not follow half of this one.
      ftruncateSync(this.#file, this.#size);
      throw new Error(`cannot write the state ${this.#path}: ${codeOf(error)}`);
    }
  }
}

/** Returns the real path of a file: a rename must not replace a link. */
function realPath(path: string): string {
  try {
    const real = realpathSync(path);
    if (lstatSync(real).isFile()) return real;
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw new Error(`cannot use the state ${path}: ${codeOf(error)}`);
    if (lstatSync(path, { throwIfNoEntry: false })) throw new Error(`the state ${path} is a broken link`);
    try {
      return join(realpathSync(dirname(resolve(path))), basename(path));
    } catch {
      throw new Error(`cannot use the state ${path}: there is no such folder`);
    }
  }
  throw new Error(`cannot use the state ${path}: it is not a file`);
}

/** Yields the lines of a file with their line breaks, and the rest after the last one. Without a file: nothing. */
function* linesIn(path: string): Generator<string> {
  let file = -1;
  try {
    file = openSync(path, 'r');
    const parts: Buffer[] = [];
    for (let chunk = nextOf(file); chunk.length > 0; chunk = nextOf(file)) {
      let from = 0;
      for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
        parts.push(chunk.subarray(from, end + 1));
        yield Buffer.concat(parts.splice(0)).toString();
        from = end + 1;
      }
      if (from < chunk.length && parts.push(chunk.subarray(from)) > MOST_CHUNKS) {
        throw new Error(`cannot read the state ${path}: a line is too long`);
      }
    }
    if (parts.length > 0) yield Buffer.concat(parts).toString();
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return;
    throw code === undefined ? error : new Error(`cannot read the state ${path}: ${code}`);
  } finally {
    if (file >= 0) closeSync(file);
  }
}

const CHUNK_BYTES = 1_048_576;
/** For one line: far more than is ever written. */
const MOST_CHUNKS = 256;

function nextOf(file: number): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  return chunk.subarray(0, readSync(file, chunk));
}

function writeAll(file: number, text: string, position?: number): number {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const place = position === undefined ? null : position + at;
    at += writeSync(file, bytes, at, bytes.length - at, place);
  }
  return bytes.length;
}

function putAside(text: string, path: string): string {
  const aside = `${path}.torn-${Date.now()}`;
  const file = openSync(aside, 'wx', 0o600);
  try {
    writeAll(file, text);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  return aside;
}
