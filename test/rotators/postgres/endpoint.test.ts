import { type AddressInfo, createServer, connect as dial } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type PostgresOptions, postgres } from '../../../rotators/postgres/index.js';
import { rejection } from '../../support/errors.js';
import { certificate, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';

/** IPv6 is off on some machines. */
const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const LOOPBACKS = ['127.0.0.1', ...(hasIPv6 ? ['::1'] : [])];

let server: TestServer;
let ca: string;
let count = 0;

beforeAll(async () => {
  const settings = {
    log_connections: 'all',
    unix_socket_directories: '/tmp',
    listen_addresses: LOOPBACKS.join(),
  };
  [server, ca] = await Promise.all([startTestServer({ tls: true, settings }), certificate('ca.pem')]);
});

afterAll(() => server.stop());

async function rig(secret: object, options: PostgresOptions = {}) {
  const app = `app_${++count}`;
  await server.sql(`CREATE ROLE "${app}" LOGIN PASSWORD '${FIRST}'`);
  const made = await postgresRig(server.secret(app, FIRST, { ssl: undefined, ...secret }), options);
  await made.begin();
  return { ...made, app };
}

/** Whether a rotation ends with a password that the server accepts. */
async function rotates(secret: object, options: PostgresOptions): Promise<void> {
  const { rotation, password, app, text } = await rig(secret, options);
  const before = JSON.parse(await text('AWSCURRENT'));
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  expect(await server.accepts(app, await password('AWSCURRENT'))).toBe(true);
  expect({ ...JSON.parse(await text('AWSCURRENT')), password: FIRST }).toEqual(before);
}

test('connects where it is told, and leaves the host that applications see in the secret', async () => {
  const seen: unknown[] = [];
  await rotates(
    { host: 'db.invalid', port: 1 },
    {
      ca,
      connectTo(secret) {
        seen.push(secret);
        return { host: 'localhost', port: server.port };
      },
    },
  );
  expect(seen[0]).toMatchObject({ host: 'db.invalid', port: 1, dbname: 'postgres' });
  expect(JSON.stringify(seen)).not.toContain('password');
});

test('what it is not told is as in the secret', async () => {
  const forwarder = createServer((socket) => {
    const upstream = dial(server.port, '127.0.0.1');
    // What one of them leaves open would keep the process that runs the tests.
    socket.on('error', () => {}).on('close', () => upstream.destroy());
    upstream.on('error', () => {}).on('close', () => socket.destroy());
    socket.pipe(upstream).pipe(socket);
  });
  await new Promise<void>((resolve) => forwarder.listen(0, '127.0.0.1', resolve));
  const { port } = forwarder.address() as AddressInfo;
  await rotates({ host: 'localhost' }, { ca, connectTo: () => ({ port }) });
  forwarder.close();
});

test.each(LOOPBACKS)('connects to the address %s', async (host) => {
  await rotates({ host }, { ca, connectTo: () => ({ servername: 'localhost' }) });
});

test('names an address of IPv6 so that its port can be told from it', async () => {
  const { deliver } = await rig({ host: '::1', port: 1 }, { ca });
  await deliver('createSecret');
  expect(await rejection(deliver('setSecret'))).toMatchObject({
    message: expect.stringContaining('[::1]:1 '),
  });
});

test('verifies the certificate against the name that it is told', async () => {
  await rotates({ host: '127.0.0.1' }, { ca, connectTo: () => ({ servername: 'localhost' }) });
});

test('does not trust the certificate of another name, and says where it was connected to', async () => {
  const { deliver, app } = await rig(
    { host: 'db.invalid' },
    { ca, connectTo: () => ({ host: 'localhost', servername: 'db.invalid' }) },
  );
  await deliver('createSecret');
  const error = await rejection(deliver('setSecret'));
  expect(error).toMatchObject({
    code: 'ERR_TLS_WRONG_NAME',
    message: expect.stringContaining(`localhost:${server.port} has a certificate for another name`),
  });
  expect(server.log()).not.toContain(`user=${app} `);
});

test.each([{ ca: '/etc/ca.pem' }, { ca: ['', 'x'] }, { timeoutMs: 0 }, { timeoutMs: 1.5 }])(
  'the option %j is refused when the rotator is made',
  (options) => {
    expect(() => postgres(options)).toThrow(TypeError);
  },
);

test('connects to a Unix socket, which needs no TLS', async () => {
  await rotates({ host: '/tmp' }, {});
  expect(server.log()).toMatch(
    /connection authorized: user=app_\d+ database=postgres application_name=quarterturn\n/,
  );
});
