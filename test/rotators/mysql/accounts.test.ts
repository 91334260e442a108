import { disturbed } from '../../support/disturbed-server.js';
import { allOf, leaks, rejection } from '../../support/errors.js';
import { describeServers } from '../../support/mysql-programs.js';
import {
  ADMIN,
  accountsIn,
  FIRST,
  isAccepted,
  makeAdministrator,
  mysqlRig,
  newUser,
} from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const OTHER = 'othr-5Vd3-6wsn';
const SUCCEEDED = { outcome: 'succeeded' };

type Rigged = Awaited<ReturnType<typeof mysqlRig>>;

/** What setSecret throws; no account of the user has changed. */
async function refusal(server: TestServer, { app, begin, deliver, password }: Rigged): Promise<unknown> {
  await begin();
  await deliver('createSecret');
  const before = await accountsIn(server, app);
  const error = await rejection(deliver('setSecret'));
  expect(await accountsIn(server, app)).toBe(before);
  for (const secret of [FIRST, OTHER, ADMIN, await password('AWSPENDING')]) {
    expect(leaks(allOf(error), secret)).toBeUndefined();
  }
  return error;
}

describeServers('a user with several accounts', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
    await makeAdministrator(server, 'looker');
    await server.sql('GRANT SELECT ON mysql.* TO looker');
  });
  afterAll(() => server.stop());

  /** `app@%`, which the function is let in by, and the same name from another network. */
  async function two({
    by = 'looker',
    password = FIRST,
    hosts,
  }: {
    readonly by?: string;
    readonly password?: string;
    readonly hosts?: readonly string[];
  } = {}) {
    const app = newUser();
    const rigged = await mysqlRig(server, {
      app,
      administrator: { username: by },
      ...(hosts && { hosts: { [app]: hosts } }),
    });
    await server.sql(`CREATE USER ${rigged.app}@'10.1.%' IDENTIFIED BY '${password}'`);
    return rigged;
  }
  const hashOf = async (app: string, host: string) => {
    const [row] = await server.sql(
      `SELECT authentication_string AS hash FROM mysql.user WHERE User = '${app}' AND Host = '${host}'`,
    );
    return String(row?.hash);
  };

  if (program.flavour === 'mariadb') {
    test('is not one whose name a role has, too', async () => {
      const { app, rotate, password, accepts } = await mysqlRig(server, {
        administrator: { username: 'looker' },
      });
      await server.sql(`CREATE ROLE ${app}`);
      expect(await rotate()).toMatchObject(SUCCEEDED);
      expect(await accepts(await password('AWSCURRENT'))).toBe(true);
    });
  }

  test('is refused, with the hosts and the option that names them', async () => {
    const rigged = await two({ by: 'admin' });
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringMatching(/has 2 accounts at .*, for the hosts (?:%, 10\.1\.%|10\.1\.%, %)$/),
      hint: expect.stringContaining(`hosts: { "${rigged.app}": [`),
    });
  });

  test('is refused on a server that cuts answers off after a row, too', async () => {
    const rigged = await two({ by: 'admin' });
    await server.sql('SET GLOBAL sql_select_limit = 1');
    const error = await refusal(server, rigged).finally(() =>
      server.sql('SET GLOBAL sql_select_limit = DEFAULT'),
    );
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining('has 2 accounts'),
    });
  });

  test('has one changed alone, if the option names that', async () => {
    const { app, rotate, accepts, password } = await two({ hosts: ['%'], by: 'admin' });
    const before = await hashOf(app, '10.1.%');
    expect(await rotate()).toMatchObject(SUCCEEDED);
    expect(await accepts(await password('AWSCURRENT'))).toBe(true);
    expect(await hashOf(app, '10.1.%')).toBe(before);
  });

  test('has all changed that the option names, if they have the same password', async () => {
    const { app, rotate, password } = await two({ hosts: ['%', '10.1.%'] });
    for (let n = 0; n < 3; n++) expect(await rotate()).toMatchObject(SUCCEEDED);
    // From here as from there.
    await server.sql(`DROP USER ${app}@'%'; RENAME USER ${app}@'10.1.%' TO ${app}@'%'`);
    expect(await isAccepted(server, app, await password('AWSCURRENT'))).toBe(true);
    expect(await isAccepted(server, app, await password('AWSPREVIOUS'))).toBe(true);
    expect(await isAccepted(server, app, FIRST)).toBe(false);
  });

  test('has none changed, if one has another password: it may be somebody else’s', async () => {
    const rigged = await two({ hosts: ['%', '10.1.%'], password: OTHER });
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_CREDENTIAL_UNPROVEN',
      message: expect.stringContaining(`"${rigged.app}@10.1.%"`),
    });
  });

  for (const grant of ['ALL ON *.*', 'SELECT ON *.*', 'UPDATE ON mysql.*', 'USAGE ON *.* WITH', 'a role']) {
    test(`has none changed, if one of them has ${grant}`, async () => {
      const rigged = await two({ hosts: ['%', '10.1.%'] });
      const to = `TO ${rigged.app}@'10.1.%'`;
      if (grant === 'a role') {
        await server.sql(`CREATE ROLE role_of_${rigged.app}; GRANT role_of_${rigged.app} ${to}`);
      } else {
        const [what, option] = grant.split(' WITH');
        await server.sql(`GRANT ${what} ${to}${option === undefined ? '' : ' WITH GRANT OPTION'}`);
      }
      expect(await refusal(server, rigged)).toMatchObject({
        code: 'ERR_CREDENTIAL_UNPROVEN',
        message: expect.stringMatching(/(?:has|may act)/),
      });
    });
  }

  test('is refused, if the option does not name the one that the function is let in by', async () => {
    const rigged = await two({ hosts: ['10.1.%'] });
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_SERVICE_UNSUPPORTED',
      message: expect.stringContaining(`"${rigged.app}@%", which the option \`hosts\` does not name`),
    });
  });

  test('has none changed, if the option names one that is not there', async () => {
    const rigged = await two({ hosts: ['%', '10.2.%'] });
    expect(await refusal(server, rigged)).toMatchObject({ message: expect.stringContaining('10.2.%') });
  });

  test('is refused, if the administrator may not see whether they have the same password', async () => {
    const rigged = await two({ hosts: ['%', '10.1.%'], by: 'admin' });
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      hint: expect.stringContaining('GRANT SELECT ON mysql.* TO `admin`@`%`'),
    });
  });

  test('is rotated with a warning, if the administrator may not see accounts at all', async () => {
    await server.sql(
      `CREATE USER IF NOT EXISTS blind IDENTIFIED BY '${ADMIN}'; GRANT CREATE USER ON *.* TO blind`,
    );
    const { rotate, warnings } = await two({ by: 'blind' });
    if (program.flavour === 'mysql') {
      // There it sees those that it may change.
      expect(await rotate()).toMatchObject({ outcome: 'failed' });
      return;
    }
    expect(await rotate()).toMatchObject(SUCCEEDED);
    expect(warnings().join()).toContain('GRANT SELECT (User, Host) ON mysql.user TO `blind`@`%`');
  });

  test('a user that may have taken turns with this one is named in a warning', async () => {
    const { app, rotate, warnings } = await mysqlRig(server);
    await server.sql(`CREATE USER ${app}_clone IDENTIFIED BY '${OTHER}'`);
    expect(await rotate()).toMatchObject(SUCCEEDED);
    expect(warnings().join()).toContain(`there is a user "${app}_clone", too`);
    expect(await isAccepted(server, `${app}_clone`, OTHER)).toBe(true);
  });
});

describeServers('a lost password', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
    await server.sql('GRANT SELECT ON mysql.* TO admin');
  });
  afterAll(() => server.stop());

  const lost = { secret: { password: 'l0st-4Hn8-2zty' } };
  /** Of a user whose lost password may be reset. */
  const resettable = () => {
    const app = newUser();
    return mysqlRig(server, { ...lost, app, mayReset: [app] });
  };

  test('is not reset, unless the function’s own code names the user', async () => {
    const rigged = await mysqlRig(server, lost);
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_CREDENTIAL_REJECTED',
      hint: expect.stringContaining('`mayReset`'),
    });
  });

  test('is reset then, and nothing else is accepted afterwards', async () => {
    const { rotate, password, alive } = await resettable();
    expect(await rotate()).toMatchObject(SUCCEEDED);
    const current = await password('AWSCURRENT');
    expect(await alive(FIRST, lost.secret.password, current)).toEqual([current]);
  });

  for (const grant of ['CREATE USER ON *.*', 'SELECT ON mysql.*']) {
    test(`of a user with ${grant} is not reset`, async () => {
      const rigged = await resettable();
      await server.sql(`GRANT ${grant} TO ${rigged.app}`);
      expect(await refusal(server, rigged)).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
    });
  }

  test('of a user that is not there is no reason to make one', async () => {
    const rigged = await resettable();
    await server.sql(`DROP USER ${rigged.app}`);
    expect(await refusal(server, rigged)).toMatchObject({ code: 'ERR_USER_MISSING' });
  });

  test('of a user with several accounts is not reset', async () => {
    const rigged = await resettable();
    await server.sql(`CREATE USER ${rigged.app}@'10.1.%' IDENTIFIED BY '${OTHER}'`);
    expect(await refusal(server, rigged)).toMatchObject({ code: 'ERR_SERVICE_UNSUPPORTED' });
  });
});

describeServers('what cannot be rotated', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program, {
      flags: program.flavour === 'mariadb' ? ['--plugin-load-add=auth_ed25519'] : [],
    });
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  const ways =
    program.flavour === 'mysql'
      ? [`IDENTIFIED WITH sha256_password BY '${FIRST}'`]
      : [
          `IDENTIFIED VIA unix_socket OR mysql_native_password USING PASSWORD('${FIRST}')`,
          `IDENTIFIED VIA ed25519 USING PASSWORD('${FIRST}') OR mysql_native_password USING PASSWORD('${FIRST}')`,
        ];
  for (const made of ways) {
    for (const masterarn of ['admin', null]) {
      const by = masterarn === null ? 'itself' : 'an administrator';
      test(`has its ways to log in afterwards, too, by ${by}: ${made.replace(/USING.*?\)|BY.*/g, '')}`, async () => {
        const rigged = await mysqlRig(server, { made, secret: { masterarn } });
        expect(await refusal(server, rigged)).toMatchObject({
          code: 'ERR_SERVICE_UNSUPPORTED',
          hint: expect.stringContaining('nothing was changed'),
        });
        expect(await rigged.accepts(FIRST)).toBe(true);
      });
    }
  }

  test('a right that the administrator lacks is named, with the statement that grants it', async () => {
    await server.sql(`CREATE USER powerless IDENTIFIED BY '${ADMIN}'`);
    const rigged = await mysqlRig(server, { administrator: { username: 'powerless' } });
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      hint: expect.stringContaining('Run: GRANT CREATE USER ON *.* TO `powerless`@`%`'),
    });
  });

  test('a server that is read-only is found out before anything is sent', async () => {
    const rigged = await mysqlRig(server);
    await server.sql('SET GLOBAL read_only = ON');
    const error = await refusal(server, rigged);
    await server.sql('SET GLOBAL read_only = OFF');
    expect(error).toMatchObject({ code: 'ERR_SERVICE_READ_ONLY' });
  });

  test('a pooler in the way is found out before anything is sent, unless it asks the server', async () => {
    // Like a pooler, which numbers the connection differently.
    const pooler = await disturbed(server.port, (answer) => {
      if (answer[3] !== 0 || answer[4] !== 10) return answer;
      const at = answer.indexOf(0, 5) + 1;
      answer.writeUInt32LE(answer.readUInt32LE(at) + 1000, at);
      return answer;
    });
    const { port } = pooler;
    expect(await refusal(server, await mysqlRig(server, { port }))).toMatchObject({
      code: 'ERR_POOLER_IN_THE_WAY',
      hint: expect.stringContaining('POOLER_ASKS_SERVER'),
    });
    const { rotate } = await mysqlRig(server, { port, poolerAsksServer: true });
    expect(await rotate()).toMatchObject(SUCCEEDED);
    await pooler.close();
  });

  test('a superior account is out of the administrator’s reach', async () => {
    if (program.flavour === 'mariadb') return;
    const rigged = await mysqlRig(server);
    await server.sql(`GRANT SYSTEM_USER ON *.* TO ${rigged.app}`);
    expect(await refusal(server, rigged)).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      hint: expect.stringContaining('SYSTEM_USER'),
    });
  });
});

describeServers('a server whose sessions begin read-only', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    const name = program.flavour === 'mysql' ? 'transaction_read_only' : 'tx_read_only';
    server = await startTestServer(program);
    await makeAdministrator(server);
    await server.sql(`SET GLOBAL ${name} = ON`);
  });
  afterAll(() => server.stop());

  test('is no replica: the session that makes the change says that it writes', async () => {
    for (const secret of [{}, { masterarn: null }]) {
      const { rotate, password, accepts } = await mysqlRig(server, { secret });
      expect(await rotate()).toMatchObject(SUCCEEDED);
      expect(await accepts(await password('AWSCURRENT'))).toBe(true);
    }
  });
});
