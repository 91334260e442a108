import { rdsInstance } from '../../../../rotators/postgres/index.js';
import { lineTo, rotatorContract, type TcpLine } from '../../../../src/testing/index.js';
import { startTestServer, type TestServer } from '../../../support/postgres.js';
import { RdsServer } from '../../../support/rds-server.js';
import { tried } from '../../../support/thorough.js';

const FIRST = 'frst-9Kx2-7bqw';

let server: TestServer;
let rds: RdsServer;
let line: TcpLine;
let count = 0;

beforeAll(async () => {
  server = await startTestServer();
  rds = await RdsServer.start((user, password) => server.sql(`ALTER ROLE "${user}" PASSWORD '${password}'`));
  line = await lineTo(server.port);
  process.env.AWS_ENDPOINT_URL_RDS = `http://127.0.0.1:${await line.alsoTo(rds.port)}`;
});

afterAll(async () => {
  await line.close();
  await rds.stop();
  await server.stop();
});

const clauses = rotatorContract({
  rotator: () =>
    rdsInstance({
      pollMs: 20,
      // The secret names the endpoint that RDS shows.
      connectTo: () => ({ host: line.host, port: line.port }),
    }),
  async reset() {
    rds.reset();
    const master = `master_${++count}`;
    await server.sql(`CREATE ROLE "${master}" LOGIN PASSWORD '${FIRST}'`);
    const { Endpoint } = rds.account.addInstance(`db-${count}`, { MasterUsername: master });
    return JSON.parse(server.secret(master, FIRST, { host: Endpoint?.Address, port: 5432 }));
  },
  accepts: ({ username, password }) => server.accepts(String(username), String(password)),
  line: () => line,
  // RDS has no way to let go of what it was asked for.
  lateChangesLand: true,
});

test.each(tried(clauses))('the rotator for RDS’s master users $name', ({ run }) => run());
