import { closeSync, fdatasyncSync, ftruncateSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Version } from '../local/labels.js';
import type { StoredSecret } from '../local/secret.js';
import type { Archive } from '../local/store.js';
import { isRunning, syncDirectory } from './durable.js';

/** A value of a version as it is written: text, or bytes in base64. */
type WrittenValue = readonly [kind: 'string' | 'binary', value: string];

/** One line: a secret as it is after a change, with those of its values that no earlier line has. */
interface Line {
  readonly secret: Omit<StoredSecret, 'versions'> & {
    readonly versions: readonly (Omit<Version, 'labels' | 'secretString' | 'secretBinary'> & {
      readonly labels: readonly string[];
    })[];
  };
  readonly values: Readonly<Record<string, WrittenValue>>;
}

/** One line for a secret that is gone. */
interface Forgotten {
  readonly forgotten: string;
}

/**
 * The secrets of `quarterturn local` in a file that only its owner may read: one line of JSON a change, each on disk
 * before the change is answered. A crash leaves at most an unfinished last line, of a change that nobody was told of.
 */
export class StateFile implements Archive {
  readonly secrets: readonly StoredSecret[];
  readonly #path: string;
  readonly #file: number;
  #size: number;
  /** The versions of which a line has the value. */
  readonly #written = new Set<string>();

  /**
   * Reads a state file, or begins one. There is one process with it at a time.
   *
   * @throws Error that quotes nothing of the file
   */
  static async open(path: string): Promise<StateFile> {
    await lock(path);
    try {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw new Error(`cannot read the state ${path}: ${error.code}`);
      });
      const secrets = read(text, path);
      const compact = secrets.map((secret) => lineOf(secret, new Set()).line).join('');
      // Written anew: without what is outdated or unfinished, and with the right mode.
      await rm(`${path}.part`, { force: true });
      const file = await open(`${path}.part`, 'wx', 0o600);
      await file.writeFile(compact);
      await file.sync();
      await file.close();
      await rename(`${path}.part`, path);
      await syncDirectory(dirname(path));
      return new StateFile(path, secrets, Buffer.byteLength(compact));
    } catch (error) {
      unlock(path);
      throw error;
    }
  }

  private constructor(path: string, secrets: readonly StoredSecret[], size: number) {
    this.#path = path;
    this.secrets = secrets;
    this.#size = size;
    this.#file = openSync(path, 'a');
    for (const secret of secrets) this.#note(lineOf(secret, this.#written).keys);
  }

  keep(secret: StoredSecret): void {
    const { line, keys } = lineOf(secret, this.#written);
    this.#append(line);
    this.#note(keys);
  }

  forget({ arn }: StoredSecret): void {
    this.#append(`${JSON.stringify({ forgotten: arn } satisfies Forgotten)}\n`);
  }

  close(): void {
    closeSync(this.#file);
    unlock(this.#path);
  }

  #note(keys: readonly string[]): void {
    for (const key of keys) this.#written.add(key);
  }

  #append(line: string): void {
    const bytes = Buffer.from(line);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
      fdatasyncSync(this.#file);
      this.#size += bytes.length;
    } catch (error) {
      // The next line must not follow half of this one.
      ftruncateSync(this.#file, this.#size);
      throw error;
    }
  }
}

/** @param written the values that an earlier line has; `keys` are those of this line */
function lineOf(
  { versions, ...secret }: StoredSecret,
  written: ReadonlySet<string>,
): { line: string; keys: readonly string[] } {
  const keys: string[] = [];
  const values: Record<string, WrittenValue> = {};
  const described = [...versions.values()].map(({ secretString, secretBinary, labels, ...version }) => {
    const key = `${secret.arn} ${version.id}`;
    const value = writtenValue(secretString, secretBinary);
    if (value && !written.has(key)) {
      values[version.id] = value;
      keys.push(key);
    }
    return { ...version, labels: [...labels] };
  });
  // What a function threw may quote a value, and an attempt that is broken off starts over.
  const { inFlight } = secret;
  const line: Line = {
    secret: { ...secret, versions: described, ...(inFlight && { inFlight: { ...inFlight, steps: [] } }) },
    values,
  };
  return { line: `${JSON.stringify(line)}\n`, keys };
}

function writtenValue(text: string | undefined, bytes: Uint8Array | undefined): WrittenValue | undefined {
  if (text !== undefined) return ['string', text];
  return bytes && ['binary', Buffer.from(bytes).toString('base64')];
}

function read(text: string, path: string): readonly StoredSecret[] {
  const secrets = new Map<string, StoredSecret>();
  // What follows the last line break was never answered.
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    try {
      const content: Line | Forgotten = JSON.parse(line, revived);
      if ('forgotten' in content) secrets.delete(content.forgotten);
      else secrets.set(content.secret.arn, restored(content, secrets.get(content.secret.arn)));
    } catch {
      // No cause: it would quote the line.
      throw new Error(`line ${index + 1} of ${path} is not of a state file: move it away`);
    }
  }
  const now = new Date();
  return [...secrets.values()].filter(({ deletedDate }) => !deletedDate || deletedDate > now);
}

function restored({ secret, values }: Line, earlier: StoredSecret | undefined): StoredSecret {
  const versions = secret.versions.map(({ id, labels, ...version }): [string, Version] => {
    const [kind, text] = values[id] ?? [];
    const before = earlier?.versions.get(id);
    const value =
      kind === undefined || text === undefined
        ? { secretString: before?.secretString, secretBinary: before?.secretBinary }
        : kind === 'string'
          ? { secretString: text }
          : { secretBinary: Uint8Array.from(Buffer.from(text, 'base64')) };
    return [id, { ...version, ...value, id, labels: new Set(labels) }];
  });
  return { ...secret, versions: new Map(versions) };
}

/** Dates are the only members whose names end so. */
function revived(key: string, value: unknown): unknown {
  const isDate = /Date$|^opens$|^closes$/.test(key) && typeof value === 'string';
  return isDate ? new Date(value) : value;
}

async function lock(path: string): Promise<void> {
  const lockFile = lockOf(path);
  const holder = await readFile(lockFile, 'utf8').catch(() => undefined);
  if (holder !== undefined && isRunning(Number(holder))) {
    throw new Error(`process ${Number(holder)} is using the state ${path}; if it is not, delete ${lockFile}`);
  }
  await rm(lockFile, { force: true });
  const file = await open(lockFile, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`cannot write beside the state ${path}: ${error.code}`);
  });
  await file.writeFile(String(process.pid));
  await file.close();
}

function unlock(path: string): void {
  if (readFileSync(lockOf(path), 'utf8') === String(process.pid)) rmSync(lockOf(path), { force: true });
}

function lockOf(path: string): string {
  return `${path}.lock`;
}
