import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { built } from './built.js';
import { leakWatch } from './leak-watch.js';

const MAIN = join(built('esm'), 'src/cli/main.js');

/** The command as it is built, in its own processes, with its own folder for temporary files. */
export class CommandRig {
  readonly folder: string;
  readonly #running = new Set<ChildProcess>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @param secrets what no command may print, whatever it is given */
  static async make(...secrets: readonly string[]): Promise<CommandRig> {
    leakWatch.hide(...secrets);
    const folder = await mkdtemp(join(tmpdir(), 'quarterturn-test-'));
    // An embedded server may run as another user.
    await chmod(folder, 0o711);
    return new CommandRig(folder);
  }

  /**
   * @param main the command as built, unless it is a copy
   * @param uid whom root runs it as
   */
  start(args: readonly string[], env: Record<string, string | undefined> = {}, main = MAIN, uid?: number) {
    return this.#follow(
      spawn(process.execPath, [main, ...args], {
        ...(uid !== undefined && { uid, gid: uid }),
        env: { ...process.env, TMPDIR: this.folder, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** A line for bash, in which `quarterturn` is the command as built, and which finds the folder's files. */
  async shell(line: string, env: Record<string, string | undefined> = {}) {
    const bin = join(this.folder, 'bin');
    await mkdir(bin, { recursive: true });
    const script = `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`;
    await writeFile(join(bin, 'quarterturn'), script, { mode: 0o755 });
    return this.#follow(
      spawn('bash', ['-c', line], {
        cwd: this.folder,
        env: { ...process.env, TMPDIR: this.folder, ...env, PATH: `${bin}:${process.env.PATH}` },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A signal is for all that the line has started.
        detached: true,
      }),
    );
  }

  #follow(child: ChildProcessByStdio<null, Readable, Readable>) {
    this.#running.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk) => {
      output.stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output.stderr += chunk;
    });
    const end = once(child, 'close').then(([code]) => {
      this.#running.delete(child);
      leakWatch.saw('what the command prints', output);
      return { code, ...output };
    });
    return { child, output, end };
  }

  run(...args: string[]) {
    return this.start(args).end;
  }

  async end(): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Waits until something is so. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
