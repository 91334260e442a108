import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pairRig } from '../../support/mysql-pair-rig.js';
import { describeServers } from '../../support/mysql-programs.js';
import { FIRST, mysqlRig, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';

const README = readFileSync(join(__dirname, '../../../rotators/mysql/README.md'), 'utf8');
const [USER = '', ADMINISTRATOR = '', LIST = '', LOOK = '', PAIR = '', TWO_BY_ITSELF = '', ...BACK] = [
  ...README.matchAll(/```sql\n([\s\S]*?)```/g),
].map(([, sql]) => sql ?? '');

describeServers('the users that the README makes', (program, test) => {
  const isMysql = program.flavour === 'mysql';
  const administrator = { username: 'rotator', password: 'another password' };
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await server.sql(ADMINISTRATOR + (isMysql ? '' : LIST));
    // Those two are run where AWS's function takes over.
    expect(BACK).toHaveLength(2);
  });
  afterAll(() => server.stop());

  /** The README’s user by another name, and what else is granted. */
  async function rigFor(options: Parameters<typeof mysqlRig>[1] = {}, granted = '') {
    const app = newUser();
    const made = USER.replace('CREATE USER app ', '').replace('the first password', FIRST).replace(';', '');
    const rigged = await mysqlRig(server, { app, made, administrator, ...options });
    if (granted) await server.sql(granted.replace(/\bapp;/, `${app};`));
    return rigged;
  }

  test('have the rights for two passwords, and there is nothing to warn of but these', async () => {
    const { rotate, password, alive, warnings } = await rigFor();
    for (let n = 0; n < 3; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const both = [await password('AWSPREVIOUS'), await password('AWSCURRENT')];
    expect(await alive(FIRST, ...both)).toEqual(both);
    expect(new Set(warnings()).size).toBe(1);
  });

  test('have the rights to set their own', async () => {
    const { rotate, password, accepts } = await rigFor({ secret: { masterarn: null } });
    for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await accepts(await password('AWSCURRENT'))).toBe(true);
  });

  if (isMysql) {
    test('have the right to keep two of their own', async () => {
      const { rotate, password, alive } = await rigFor({ secret: { masterarn: null } }, TWO_BY_ITSELF);
      for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      const both = [await password('AWSPREVIOUS'), await password('AWSCURRENT')];
      expect(await alive(FIRST, ...both)).toEqual(both);
    });
  }

  if (isMysql) {
    test('have the rights to take turns, and there is nothing to warn of', async () => {
      const app = newUser();
      // Only root makes it: the administrator of other tests must not help here.
      const { rotate, version, accepts, warnings } = await pairRig(server, {
        app,
        administrator,
        granted: PAIR.replaceAll(/\bapp\b/g, app),
      });
      for (let n = 0; n < 3; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
      for (const label of ['AWSPREVIOUS', 'AWSCURRENT']) {
        const { username, password } = await version(label);
        expect(await accepts(username, password)).toBe(true);
      }
      expect(warnings()).toEqual([]);
    });
  }

  test('have the right for several accounts', async () => {
    await server.sql(LOOK);
    const app = newUser();
    const hosts = { [app]: ['%', '10.1.%'] };
    const { rotate } = await mysqlRig(server, { app, administrator, hosts });
    await server.sql(`CREATE USER ${app}@'10.1.%' IDENTIFIED BY '${FIRST}'`);
    for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  });

  test('have the right for a lost password', async () => {
    await server.sql(LOOK);
    const app = newUser();
    const lost = { secret: { password: 'l0st-4Hn8-2zty' } };
    const { rotate, password, accepts } = await mysqlRig(server, {
      ...lost,
      app,
      administrator,
      mayReset: [app],
    });
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await accepts(await password('AWSCURRENT'))).toBe(true);
  });
});
