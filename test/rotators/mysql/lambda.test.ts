import { join } from 'node:path';
import { deploy } from '../../support/deployment.js';
import { allOf, leaks } from '../../support/errors.js';
import { describeServers } from '../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted, makeAdministrator, newUser } from '../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../support/timeouts.js';

mayTakeAsLongAs('servers');

const NODE_EXTRA_CA_CERTS = join(__dirname, '../postgres/certificates/ca.pem');

describeServers('the bundle of mysql', (program, test) => {
  let server: TestServer;
  let deployment: Awaited<ReturnType<typeof deploy>>;
  const app = newUser();
  beforeAll(async () => {
    server = await startTestServer(program);
    await makeAdministrator(server);
    await server.sql(`CREATE USER ${app} IDENTIFIED BY '${FIRST}'`);
    const place = { engine: program.flavour, host: 'localhost', port: server.port };
    const secret = { ...place, username: app, password: FIRST, masterarn: 'admin' };
    deployment = await deploy('mysql', JSON.stringify(secret), { NODE_EXTRA_CA_CERTS });
    await deployment.secrets.createSecret({
      Name: 'admin',
      SecretString: JSON.stringify({ ...place, username: 'admin', password: ADMIN }),
    });
  });
  afterAll(async () => {
    await deployment.stop();
    await server.stop();
  });

  test('rotates to two passwords, away from all packages, and logs metrics alone', async () => {
    const { rotate, value, logged, runtime } = deployment;
    for (let n = 0; n < 2; n++) expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    const both = [(await value('AWSPREVIOUS')).password, (await value('AWSCURRENT')).password];
    for (const password of both) expect(await isAccepted(server, app, password)).toBe(true);
    expect(logged()[1]).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          { Metrics: expect.arrayContaining([{ Name: 'oldPasswordKept', Unit: 'Count' }]) },
        ],
      },
      ...{ rotator: 'mysql', step: 'setSecret', failed: 0, oldPasswordKept: 1 },
    });
    expect(runtime.output.stderr).toBe('');
    for (const secret of [FIRST, ADMIN, ...both]) {
      expect(leaks(runtime.output.stdout, secret)).toBeUndefined();
    }
  });

  test('fails with the number of the server’s error, and tells no secret', async () => {
    await server.sql(`ALTER USER ${app} ACCOUNT LOCK`);
    const { rotate, value, logged, runtime } = deployment;
    const { outcome, steps } = await rotate();
    await server.sql(`ALTER USER ${app} ACCOUNT UNLOCK`);
    expect(outcome).toBe('failed');
    expect(steps.at(-1)?.error).toMatchObject({ message: expect.stringMatching(/\(error (?:3118|4151)\)/) });
    expect(logged().at(-1)).toMatchObject({ step: 'setSecret', code: 'ERR_LOGIN_NOT_ALLOWED', failed: 1 });
    const told = allOf([steps.at(-1)?.error, runtime.output]);
    for (const label of ['AWSPREVIOUS', 'AWSCURRENT', 'AWSPENDING']) {
      expect(leaks(told, (await value(label)).password)).toBeUndefined();
    }
  });
});
