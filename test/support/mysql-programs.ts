import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** A server's program on this machine: unpacked by .ci/get-mysql-servers, or found where PATH leads. */
export interface Program {
  readonly name: 'MySQL' | 'MariaDB 11' | 'MariaDB 10';
  readonly flavour: 'mysql' | 'mariadb';
  readonly version: string;
  /** What is run, with the arguments that must come first. */
  readonly command: readonly [string, ...string[]];
  /** Where the server's own files are. */
  readonly share: string;
}

const WANTED: readonly (readonly [name: Program['name'], folder: string, versions: RegExp])[] = [
  ['MySQL', 'mysql', /^(?:[89]|\d\d)\./],
  ['MariaDB 11', 'mariadb-11', /^1[1-9]\./],
  ['MariaDB 10', 'mariadb-10', /^10\./],
];

const found = WANTED.map(([name, folder, versions]) => ({ name, program: find(name, folder, versions) }));

type DefineTest = (name: string, run: () => Promise<void>) => void;

/**
 * Tests on every server that this machine has, each with its own beforeAll. Those of a server that it does not have are
 * skipped, and a line says how many; with `QUARTERTURN_MYSQL_SERVERS=required` that is a failure.
 */
export function describeServers(
  title: string,
  define: (program: Program, test: DefineTest) => void,
  isMeant: (flavour: Program['flavour'], name: Program['name']) => boolean = () => true,
): void {
  for (const { name, program } of found) {
    const flavour = flavourOf(name);
    if (!isMeant(flavour, name)) continue;
    if (program) {
      describe(`${name.split(' ')[0]} ${program.version}: ${title}`, () => define(program, test));
      continue;
    }
    if (process.env.QUARTERTURN_MYSQL_SERVERS === 'required') throw new Error(`${name} is not installed`);
    let count = 0;
    describe.skip(`${name}: ${title}`, () =>
      define({ name, flavour, version: '', command: ['false'], share: '' }, (sentence, run) => {
        count++;
        test(sentence, run);
      }));
    process.stderr.write(`${count} tests skipped: ${name} is not installed (${title})\n`);
  }
}

function flavourOf(name: Program['name']): Program['flavour'] {
  return name === 'MySQL' ? 'mysql' : 'mariadb';
}

function find(name: Program['name'], folder: string, versions: RegExp): Program | undefined {
  const unpacked = join(process.env.QUARTERTURN_SERVERS ?? '/var/tmp/quarterturn-servers', folder);
  const flavour = flavourOf(name);
  const installed = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
    .map((path) => join(path, flavour === 'mysql' ? 'mysqld' : 'mariadbd'))
    .filter((path) => existsSync(path))
    .map((path) => ({
      command: [path, '--no-defaults'] as const,
      usr: dirname(dirname(realpathSync(path))),
    }));
  const launcher = join(unpacked, 'launch');
  const all = [
    ...(existsSync(launcher) ? [{ command: [launcher] as const, usr: join(unpacked, 'usr') }] : []),
    ...installed,
  ];
  for (const { command, usr } of all) {
    const version = versionOf(command, flavour);
    const share = ['share/mariadb', 'share/mysql']
      .map((path) => join(usr, path))
      .find((path) => existsSync(path));
    if (version !== undefined && versions.test(version) && share !== undefined) {
      return { name, flavour, version, command, share };
    }
  }
  return undefined;
}

/** `undefined` for a program of the other flavour: MariaDB has a `mysqld`, too. */
function versionOf([path, ...first]: Program['command'], flavour: Program['flavour']): string | undefined {
  const text = execFileSync(path, [...first, '--version'], { encoding: 'utf8' });
  if (text.includes('MariaDB') !== (flavour === 'mariadb')) return undefined;
  return /Ver (\d+\.\d+\.\d+)/.exec(text)?.[1];
}
