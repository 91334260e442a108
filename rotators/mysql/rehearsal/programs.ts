import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { IDENTITY } from '../../databases/rehearsal/server-process.js';
import type { Flavour } from '../failures.js';

/** A server's program on this machine. */
export interface Program {
  readonly product: 'MySQL' | 'MariaDB';
  readonly flavour: Flavour;
  readonly version: string;
  /** The command, with the arguments that must come first. */
  readonly command: Command;
}

export type Command = readonly [path: string, ...first: string[]];

export const NAMES = ['mysqld', 'mariadbd'];

/** Folders of packaged servers that a user's PATH may not include. */
export const FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

/**
 * Finds an installed server: the first one on PATH.
 *
 * @throws Error if the server's user can run none
 */
export function installedProgram(): Program {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...FOLDERS];
  const paths = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  for (const path of paths.filter((path) => existsSync(path))) {
    const program = programOf([path, '--no-defaults']);
    if (program) return program;
  }
  throw new Error(
    'found no `mysqld` or `mariadbd` on PATH that runs: install one (`apt-get install mariadb-server`, `brew install mysql`), ' +
      'or rehearse on your own server with --secret',
  );
}

/** Returns the server that a command runs; `undefined` if it does not run, or is another program. */
export function programOf(command: Command): Program | undefined {
  const text = versionText(command);
  const version = /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1];
  if (version === undefined) return undefined;
  // MariaDB may be installed as `mysqld`, too.
  return text.includes('MariaDB')
    ? { product: 'MariaDB', flavour: 'mariadb', version, command }
    : { product: 'MySQL', flavour: 'mysql', version, command };
}

function versionText([path, ...first]: Command): string {
  try {
    return execFileSync(path, [...first, '--version'], { ...IDENTITY, encoding: 'utf8', stdio: 'pipe' });
  } catch {
    return '';
  }
}
