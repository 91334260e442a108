import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { UsageError } from '../usage-error.js';
import { LICENCES } from './licences.js';

const FIRST = 'index.mjs';
const CHUNKS = 'chunks';
/** The parts of a bundle: the next one may replace them. */
const PARTS = [FIRST, CHUNKS, LICENCES];

/** A file that esbuild has made. */
interface Made {
  readonly path: string;
  readonly contents: Uint8Array;
}

/** Refuses a folder with other files: they must be neither deleted nor deployed. */
export async function assertReplaceable(out: string): Promise<void> {
  const other = (await namesIn(out)).find((name) => !PARTS.includes(name));
  if (other !== undefined) {
    throw new UsageError(
      `${out} contains ${other}, which does not belong to a bundle: choose another folder with --out`,
    );
  }
}

/** Refuses a folder with a module that is bundled: the bundle would take its place. */
export async function assertWithoutSources(out: string, inputs: readonly string[]): Promise<void> {
  // esbuild names the target of a link, not the link.
  const folder = await realpath(out).catch(() => out);
  const source = inputs.find((input) => input.startsWith(folder + sep) && existsSync(input));
  if (source !== undefined) {
    throw new UsageError(
      `${out} contains ${relative(folder, source)}, which the bundle is made of: choose another folder with --out`,
    );
  }
}

/**
 * Writes a bundle in place of the one before. The first file comes last, and each in one piece: if the command is
 * interrupted, the folder has the old bundle or the new one, and never a part of both.
 */
export async function replaceBundle(out: string, made: readonly Made[], licences: string): Promise<void> {
  const chunks = join(out, CHUNKS);
  // A link could point to a folder with somebody else's files.
  if (!(await lstat(chunks).catch(() => undefined))?.isDirectory()) await rm(chunks, { force: true });
  await mkdir(chunks, { recursive: true });
  // Before anything is written: what comes later may be the work of a second command.
  const old = await readdir(chunks);
  const isFirst = ({ path }: Made) => basename(path) === FIRST;
  const others = made.filter((file) => !isFirst(file));
  for (const { path, contents } of others) await put(path, contents);
  await put(join(out, LICENCES), licences);
  for (const { path, contents } of made.filter(isFirst)) await put(path, contents);
  const names = new Set(others.map(({ path }) => basename(path)));
  for (const name of old.filter((each) => !names.has(each))) {
    await rm(join(chunks, name), { recursive: true, force: true });
  }

  /** Writes a file beside, and moves it into place. The next bundle removes what is left of an interrupted one. */
  async function put(path: string, contents: Uint8Array | string): Promise<void> {
    const beside = join(chunks, `${randomUUID()}.new`);
    await writeFile(beside, contents);
    await rename(beside, path);
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') throw new UsageError(`${folder} is not a folder: choose another with --out`);
    if (code === 'ENOENT') return [];
    throw error;
  }
}
