import { join } from 'node:path';
import { deploy } from '../../../support/deployment.js';
import { leaks } from '../../../support/errors.js';
import { makePairsAdministrator } from '../../../support/mysql-pair-rig.js';
import { describeServers } from '../../../support/mysql-programs.js';
import { ADMIN, FIRST, isAccepted } from '../../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../../support/mysql-servers.js';
import { mayTakeAsLongAs } from '../../../support/timeouts.js';

mayTakeAsLongAs('servers');

const NODE_EXTRA_CA_CERTS = join(__dirname, '../../postgres/certificates/ca.pem');

describeServers(
  'the bundle of mysql/alternating-users',
  (program, test) => {
    let server: TestServer;
    let deployment: Awaited<ReturnType<typeof deploy>>;
    beforeAll(async () => {
      server = await startTestServer(program);
      await makePairsAdministrator(server);
      await server.sql(`CREATE USER app IDENTIFIED BY '${FIRST}'; GRANT app TO admin WITH ADMIN OPTION`);
      const place = { engine: 'mysql', host: 'localhost', port: server.port };
      const secret = JSON.stringify({ ...place, username: 'app', password: FIRST, masterarn: 'admin' });
      deployment = await deploy('mysql-alternating-users', secret, { NODE_EXTRA_CA_CERTS });
      await deployment.secrets.createSecret({
        Name: 'admin',
        SecretString: JSON.stringify({ ...place, username: 'admin', password: ADMIN }),
      });
    });
    afterAll(async () => {
      await deployment.stop();
      await server.stop();
    });

    test('has users take turns, away from all packages, and logs nothing secret', async () => {
      const { rotate, value, runtime } = deployment;
      for (const username of ['app_clone', 'app', 'app_clone']) {
        expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
        const [now, before] = [await value('AWSCURRENT'), await value('AWSPREVIOUS')];
        expect(now.username).toBe(username);
        for (const one of [now, before]) {
          expect(await isAccepted(server, one.username, one.password)).toBe(true);
          expect(leaks(runtime.output.stdout, one.password)).toBeUndefined();
        }
      }
      expect(leaks(runtime.output.stdout, ADMIN)).toBeUndefined();
      expect(runtime.output.stderr).toBe('');
    });
  },
  (flavour) => flavour === 'mysql',
);
