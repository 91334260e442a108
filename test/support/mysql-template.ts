import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IDENTITY } from '../../rotators/databases/rehearsal/server-process.js';
import { flagsOf, initialise } from '../../rotators/mysql/rehearsal/installed-server.js';
import type { Program } from './mysql-programs.js';

/** As root the server runs as nobody. */
export const NOBODY = 65_534;

/** A folder that the server may write to, for what one server has. */
export async function homeOf(program: Program): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), `quarterturn-${program.flavour}-`));
  if (IDENTITY.uid) await chown(home, NOBODY, NOBODY);
  return home;
}

/** Runs the program on the data in a folder. */
export function start(program: Program, directory: string, flags: readonly string[]) {
  const [path, ...first] = program.command;
  const all = [...first, ...flagsOf(program, directory), ...flags];
  return spawn(path, all, { ...IDENTITY, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The data that a new server has are made once in a run of the tests: it takes longer than most of them. */
export async function templateOf(program: Program): Promise<string> {
  const kept = join(
    String(process.env.QUARTERTURN_TEST_RUN),
    `${program.name.replace(' ', '-')}-${program.version}`,
  );
  if (!existsSync(kept)) {
    const home = await homeOf(program);
    await initialise(program, join(home, 'data'));
    execFileSync('cp', ['-a', join(home, 'data'), `${home}-kept`]);
    // Another process may have been faster.
    await rename(`${home}-kept`, kept).catch(() => rm(`${home}-kept`, { recursive: true }));
    await rm(home, { recursive: true });
  }
  return kept;
}
