import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseJson } from '../../json.js';
import { isRunning, syncDirectory } from '../durable.js';

/**
 * Keeps every value of a rehearsal on a real service, in a file that only its owner may read. A value is on disk before the
 * service accepts it, so no crash can lose a password in use.
 *
 * The first line is the id of the writing process, each other line a value as a JSON string.
 */
export class Journal {
  readonly path: string;
  #values: readonly string[] = [];

  constructor(secretFile: string) {
    this.path = `${secretFile}.rehearsal`;
  }

  /** The values, oldest first. The service must accept the first one in the end. */
  get values(): readonly string[] {
    return this.#values;
  }

  /**
   * Returns the values of an earlier rehearsal that did not set its first value again.
   *
   * @throws Error if that rehearsal is still under way, or if the file is not a journal
   */
  async readLeftOver(): Promise<readonly string[]> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (text === undefined) return [];
    const [pid = '', ...lines] = text.trimEnd().split('\n');
    if (isRunning(Number(pid)))
      throw new Error(
        `another rehearsal with this secret is under way (process ${pid}). If process ${pid} is not a rehearsal, a crash left ` +
          `${this.path}: do not delete it, since it may hold the value in use; change its first line to 0`,
      );
    // A crash came before the first value was written, and so before any change.
    if (lines.length === 0 && /^[\d\0]*$/.test(pid)) await this.remove();
    return lines.map((line) => this.#parse(line));
  }

  /** Begins the journal; there is only one. */
  async begin(value: string): Promise<void> {
    const beginning = `${this.path}.${process.pid}`;
    try {
      await rm(beginning, { force: true });
      await this.#write(await open(beginning, 'wx', 0o600), [value]);
      // Complete from the first moment: a journal without a value is never one that somebody is about to write.
      await link(beginning, this.path);
    } finally {
      await rm(beginning, { force: true });
    }
    syncDirectory(dirname(this.path));
  }

  async add(value: string): Promise<void> {
    const unfinished = `${this.path}.part`;
    await rm(unfinished, { force: true });
    await this.#write(await open(unfinished, 'wx', 0o600), [...this.#values, value]);
    await rename(unfinished, this.path);
    syncDirectory(dirname(this.path));
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  async #write(file: FileHandle, values: readonly string[]): Promise<void> {
    const lines = [String(process.pid), ...values.map((value) => JSON.stringify(value))];
    await file.writeFile(lines.map((line) => `${line}\n`).join(''));
    await file.sync();
    await file.close();
    this.#values = values;
  }

  #parse(line: string): string {
    const value = parseJson(line);
    if (typeof value === 'string') return value;
    throw new Error(`${this.path} is not the journal of a rehearsal: move it away`);
  }
}
