import { existsSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Every value of a rehearsal on a real service, in a file that only its owner may read. A value is on disk before the
 * service is made to accept it, so no crash can lose a password that is in use.
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

  /** What an earlier rehearsal has left, because it could not set its first value again. */
  async readLeftOver(): Promise<readonly string[] | undefined> {
    if (!existsSync(this.path)) return undefined;
    const lines = (await readFile(this.path, 'utf8')).split('\n').filter((line) => line !== '');
    return lines.map((line) => String(JSON.parse(line)));
  }

  async add(value: string): Promise<void> {
    this.#values = [...this.#values, value];
    const unfinished = `${this.path}.part`;
    await rm(unfinished, { force: true });
    const file = await open(unfinished, 'wx', 0o600);
    await file.writeFile(this.#values.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await file.sync();
    await file.close();
    await rename(unfinished, this.path);
    await syncDirectory(dirname(this.path));
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

/** A new name is safe only once its folder is written. */
async function syncDirectory(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}
