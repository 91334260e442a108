import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  type Command,
  type Program as ProgramOf,
  programOf,
} from '../../rotators/mysql/rehearsal/programs.js';

/** A server's program on this machine: unpacked by .ci/get-mysql-servers, or found where PATH leads. */
export interface Program extends ProgramOf {
  readonly name: 'MySQL' | 'MariaDB 11' | 'MariaDB 10';
}

const WANTED: readonly (readonly [name: Program['name'], folder: string, versions: RegExp])[] = [
  ['MySQL', 'mysql', /^(?:[89]|\d\d)\./],
  ['MariaDB 11', 'mariadb-11', /^1[1-9]\./],
  ['MariaDB 10', 'mariadb-10', /^10\./],
];

const PRODUCTS = { mysql: 'MySQL', mariadb: 'MariaDB' } as const;

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
      describe(`${program.product} ${program.version}: ${title}`, () => define(program, test));
      continue;
    }
    if (process.env.QUARTERTURN_MYSQL_SERVERS === 'required') throw new Error(`${name} is not installed`);
    let count = 0;
    describe.skip(`${name}: ${title}`, () =>
      define(
        { name, product: PRODUCTS[flavour], flavour, version: '', command: ['false'] },
        (sentence, run) => {
          count++;
          test(sentence, run);
        },
      ));
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
    .map((path) => [path, '--no-defaults'] as const);
  const all: readonly Command[] = [[join(unpacked, 'launch')], ...installed];
  for (const command of all.filter(([path]) => existsSync(path))) {
    const program = programOf(command);
    if (program?.flavour === flavour && versions.test(program.version)) return { ...program, name };
  }
  return undefined;
}
