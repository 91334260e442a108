import { rdsInstance } from '../../../../rotators/mysql/index.js';
import { lineTo, rotatorContract, type TcpLine } from '../../../../src/testing/index.js';
import { describeServers } from '../../../support/mysql-programs.js';
import { FIRST, isAccepted } from '../../../support/mysql-rig.js';
import { startTestServer, type TestServer } from '../../../support/mysql-servers.js';
import { certificate } from '../../../support/postgres.js';
import { RdsServer } from '../../../support/rds-server.js';
import { tried } from '../../../support/thorough.js';
import { mayTakeAsLongAs } from '../../../support/timeouts.js';

mayTakeAsLongAs('searches');

// One for all: the SDK's client keeps its address.
let server: TestServer;
let rds: RdsServer;
let line: TcpLine;
beforeAll(async () => {
  rds = await RdsServer.start((user, password) =>
    server.sql(`ALTER USER ${user} IDENTIFIED BY '${password}'`),
  );
});
afterAll(() => rds.stop());

describeServers(
  'the rotator for RDS’s master users',
  (program, test) => {
    let ca: string;
    let count = 0;
    beforeAll(async () => {
      ca = await certificate('ca.pem');
      server = await startTestServer(program);
      line = await lineTo(server.port);
      process.env.AWS_ENDPOINT_URL_RDS = `http://127.0.0.1:${await line.alsoTo(rds.port)}`;
    });
    afterAll(async () => {
      await line.close();
      await server.stop();
    });

    const clauses = rotatorContract({
      rotator: () =>
        rdsInstance({
          pollMs: 20,
          ca,
          // The secret names the endpoint that RDS shows.
          connectTo: () => ({ host: line.host, port: line.port, servername: 'localhost' }),
        }),
      async reset() {
        rds.reset();
        const username = `master_${++count}`;
        await server.sql(`CREATE USER ${username} IDENTIFIED BY '${FIRST}'`);
        const { Endpoint } = rds.account.addInstance(`db-${count}`, {
          Engine: program.flavour,
          MasterUsername: username,
        });
        return { engine: program.flavour, host: Endpoint?.Address, port: 3306, username, password: FIRST };
      },
      accepts: ({ username, password }) => isAccepted(server, String(username), String(password)),
      line: () => line,
      // RDS has no way to let go of what it was asked for.
      lateChangesLand: true,
    });
    for (const { name, run } of tried(clauses)) test(name, run);
  },
  // The client of the SDK is made once, and keeps the address of the first line.
  (_, name) => name === 'MySQL',
);
