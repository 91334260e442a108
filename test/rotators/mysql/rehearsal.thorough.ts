import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isReachable } from '../../../rotators/databases/rehearsal/server-process.js';
import { FOLDERS, NAMES } from '../../../rotators/mysql/rehearsal/programs.js';
import { built } from '../../support/built.js';
import { CommandRig } from '../../support/command.js';
import { describeServers, type Program } from '../../support/mysql-programs.js';
import { FIRST, isAccepted, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const NODE_EXTRA_CA_CERTS = join(__dirname, '../postgres/certificates/ca.pem');
const NOBODY = 65_534;

let rig: CommandRig;
beforeEach(async () => {
  rig = await CommandRig.make(FIRST);
});
afterEach(() => rig.end());

/** A folder in which a program is called as it is where it was installed. */
async function pathTo({ flavour, command: [path, ...first] }: Program): Promise<string> {
  const folder = join(rig.folder, 'bin');
  await mkdir(folder);
  // What is unpacked has a launcher that says `--no-defaults` itself.
  const skip = first.length === 0 ? '[ "$1" = --no-defaults ] && shift\n' : '';
  const file = join(folder, flavour === 'mysql' ? 'mysqld' : 'mariadbd');
  await writeFile(file, `#!/bin/sh\n${skip}exec "${path}" "$@"\n`, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

/** What is left of a rehearsal: files in the folder for temporary ones, and processes that were run on them. */
async function leftOver(folder: string): Promise<readonly string[]> {
  const left = (await readdir(folder)).filter((name) => name.startsWith('quarterturn-'));
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(`${folder}/quarterturn-`)) left.push(command.replaceAll('\0', ' '));
  }
  return left;
}

describeServers('quarterturn rehearse mysql', (program, test) => {
  const identities = process.getuid?.() === 0 ? [undefined, NOBODY] : [undefined];

  test('rotates to two passwords on a server that it starts, as root and as a user, and leaves nothing behind', async () => {
    const PATH = await pathTo(program);
    for (const uid of identities) {
      // A clone in root’s home is closed to others.
      if (uid !== undefined && !((await isReachable(built('esm'))) && (await isReachable(process.execPath))))
        continue;
      const TMPDIR = join(rig.folder, String(uid));
      await mkdir(TMPDIR);
      await chmod(TMPDIR, 0o777);
      const args = ['rehearse', 'mysql', '--rotations', '2', '--json'];
      const { code, stdout, stderr } = await rig.start(args, { PATH, TMPDIR }, undefined, uid).end;
      expect([code, stderr]).toEqual([0, '']);
      const steps = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(steps).toHaveLength(8);
      for (const { labels } of steps) expect(labels.AWSCURRENT.accepted).toBe(true);
      expect(steps.at(-1).proof).toEqual({
        ...{ newAccepted: true, previousAccepted: true, oldRefused: true, nothingPrinted: true, values: 4 },
      });
      expect(await leftOver(TMPDIR)).toEqual([]);
    }
  });

  test('names the server and its version', async () => {
    const { stdout } = await rig.start(['rehearse', 'mysql'], { PATH: await pathTo(program) }).end;
    const { product, version } = program;
    expect(stdout).toMatch(`${product} ${version}, started for this rehearsal on 127.0.0.1:`);
    expect(stdout).toContain('yes  the service still accepts the value before it, for one more rotation\n');
  });

  describe('with --secret', () => {
    let server: TestServer;
    let file: string;
    let app: string;
    beforeAll(async () => {
      server = await startTestServer(program);
    });
    afterAll(() => server.stop());

    async function secretFile(more: object = {}): Promise<void> {
      app = newUser();
      await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
      file = join(rig.folder, 'secret.json');
      const secret = { engine: program.flavour, host: 'localhost', port: server.port, username: app };
      await writeFile(file, JSON.stringify({ ...secret, password: FIRST, ...more }));
    }
    const rehearse = () =>
      rig.start(['rehearse', 'mysql', '--secret', file, '--yes', '--rotations', '2'], { NODE_EXTRA_CA_CERTS })
        .end;

    test('the user changes its own password, and in the end has the first again', async () => {
      await secretFile();
      const { code, stdout, stderr } = await rehearse();
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toContain(`user "${app}"`);
      expect(stdout).toContain('yes  the service refuses the old value\n');
      expect(stdout).toMatch(/the service has the first value again, and accepts it\n$/);
      expect(await isAccepted(server, app, FIRST)).toBe(true);
      expect(await readdir(rig.folder)).toEqual(['secret.json']);
    });

    test('and an administrator nothing is tried', async () => {
      await secretFile({ masterarn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:admin-AbCdEf' });
      const { code, stderr } = await rehearse();
      expect(stderr).toMatch(
        /^quarterturn: two passwords by an administrator can be rehearsed only on .*\n$/,
      );
      expect(code).toBe(1);
      expect(await isAccepted(server, app, FIRST)).toBe(true);
      expect(await readdir(rig.folder)).toEqual(['secret.json']);
    });
  });
});

const isInstalled = FOLDERS.some((folder) => NAMES.some((name) => existsSync(join(folder, name))));

(isInstalled ? test.skip : test)('without a server says in a line how to get one', async () => {
  // A program that exists but does not run does not count.
  const folder = join(rig.folder, 'bin');
  await mkdir(folder);
  await writeFile(join(folder, 'mysqld'), 'no program', { mode: 0o755 });
  const { code, stdout, stderr } = await rig.start(['rehearse', 'mysql'], { PATH: folder }).end;
  expect(stderr).toMatch(
    /^quarterturn: found no `mysqld` or `mariadbd` .*apt-get install mariadb-server.*--secret\n$/,
  );
  expect([code, stdout]).toEqual([1, '']);
});
