import { type FileHandle, link, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseJson } from '../../json.js';
import { isRunning, syncDirectory } from '../durable.js';

/**
 * Every value of a rehearsal on a real service, in a file that only its owner may read. A value is on disk before the
 * service is made to accept it, so no crash can lose a password that is in use.
 *
 * The first line is the id of the process that writes it, each other one a value as a JSON string.
 */
export class Journal {
  readonly path: string;
  #values: readonly string[] = [];

  constructor(secretFile: string) {
    this.path = `${secretFile}.rehearsal`;
  }

  /** The values, oldest first; the first is what the service is to accept in the end. */
  get values(): readonly string[] {
    return this.#values;
  }

  /**
   * What an earlier rehearsal has left, because it could not set its first value again.
   *
   * @throws Error if the rehearsal is still under way, or if the file is no journal
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
        `another rehearsal with this secret is under way (process ${pid}); if that process is none, ${this.path} is from a ` +
          'crash: do not delete it, it may hold the value in use, but change its first line to 0',
      );
    // A crash came before the first value was in it, and so before anything was changed.
    if (lines.length === 0 && /^[\d\0]*$/.test(pid)) await this.remove();
    return lines.map((line) => this.#parse(line));
  }

  /** Begins a journal, of which there can be one. */
  async begin(value: string): Promise<void> {
    const beginning = `${this.path}.${process.pid}`;
    try {
      await rm(beginning, { force: true });
      await this.#write(await open(beginning, 'wx', 0o600), [value]);
      // Whole from the first moment: one without a value is nobody's who is about to write it.
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
