import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { alternatingUsers, mysql } from '../../../rotators/mysql/index.js';
import { LocalSecretsManager, rig } from '../../../src/testing/index.js';
import { meter } from '../../support/meter.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { certificate } from '../../support/postgres.js';

const README = readFileSync(join(__dirname, '../../../rotators/mysql/README.md'), 'utf8');
/** What its table says of rotations: through an administrator, by the user itself, and by two users in turn. */
const [ADMINISTRATOR, , ALONE, TURNS] = (
  /^\| calls to Secrets Manager.*?\| (.*) \|$/m.exec(README)?.[1] ?? ''
).split(' | ');

const MOST = { alone: { calls: 12, roundTrips: 7 }, administrator: { calls: 13, roundTrips: 8 } };

describeServers('what a rotation costs', (program, test) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
  });
  afterAll(() => server.stop());

  const connections = async () => {
    const [row] = await server.sql("SHOW GLOBAL STATUS LIKE 'Connections'");
    return Number(row?.Value);
  };

  for (const [title, kind, row] of [
    ['mysql()', 'alone', ALONE],
    ['mysql() with `masterarn`', 'administrator', ADMINISTRATOR],
    ...(program.flavour === 'mysql' ? ([['alternatingUsers()', 'administrator', TURNS]] as const) : []),
  ] as const) {
    test(`${title} makes the calls and logins of the README’s table, each time`, async () => {
      const app = newUser();
      const isPair = title === 'alternatingUsers()';
      await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
      if (isPair)
        await server.sql(`GRANT ${app} TO admin WITH ADMIN OPTION; GRANT SELECT ON mysql.* TO admin`);
      const { counted, client } = meter();
      const secrets = new LocalSecretsManager();
      const place = { host: 'localhost', port: server.port };
      const ca = await certificate('ca.pem');
      const options = {
        secret: {
          ...place,
          username: app,
          password: FIRST,
          ...(kind === 'administrator' && { masterarn: 'admin' }),
        },
        others: { admin: { ...place, username: 'admin', password: ADMIN } },
        secrets,
        client: client(secrets),
      };
      const { rotate } = isPair
        ? await rig(alternatingUsers({ ca }), options)
        : await rig(mysql({ ca }), options);
      for (let n = 0; n < 2; n++) {
        Object.assign(counted, { calls: 0, writes: 0, roundTrips: 0 });
        const before = await connections();
        expect((await rotate()).outcome).toBe('succeeded');
        const logins = (await connections()) - before;
        const { calls, writes, roundTrips } = counted;
        expect(calls).toBeLessThanOrEqual(MOST[kind].calls);
        expect(roundTrips).toBeLessThanOrEqual(MOST[kind].roundTrips);
        expect(row).toBe(`${calls}; ${writes}; ${roundTrips}; ${logins}`);
      }
    });
  }
});
