import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from '../../support/built.js';
import { LocalCommand } from '../../support/local-command.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const NODE_EXTRA_CA_CERTS = join(__dirname, '../postgres/certificates/ca.pem');

const command = new LocalCommand(FIRST, ADMIN);

describeServers('quarterturn local', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  test('rotates to two passwords, by the rotator that comes along and by the bundle away from all packages', async () => {
    const bundle = command.file('bundle');
    await cp(join(built('lambda'), 'mysql'), bundle, { recursive: true });
    const app = newUser();
    await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
    const place = { engine: program.flavour, host: 'localhost', port: server.port };
    const seed = {
      'app/db': { ...place, username: app, password: FIRST, masterarn: 'admin' },
      admin: { ...place, username: 'admin', password: ADMIN },
    };
    const { rotate, said, value, output, child, end } = await command.listeningWith(
      { NODE_EXTRA_CA_CERTS },
      ...['--function', 'desk=mysql', '--function', `lambda=${join(bundle, 'index.mjs')}`],
      ...['--seed', await command.seed(seed)],
    );
    const alive = [FIRST];
    for (const name of ['desk', 'lambda']) {
      await rotate('app/db', name);
      await said(`(?:app/db: the rotation succeeded[^]*){${alive.length}}`);
      alive.push(JSON.parse(await value('app/db')).password);
    }
    const taken = await Promise.all(alive.map((password) => isAccepted(server, app, password)));
    expect(taken).toEqual([false, true, true]);
    expect(JSON.parse(await value('app/db', 'AWSPREVIOUS')).password).toBe(alive[1]);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ code: 0 });
    for (const secret of [...alive, ADMIN]) expect(output.stdout + output.stderr).not.toContain(secret);
  });
});
