import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type PostgresOptions, postgres } from '../../../rotators/postgres/index.js';
import { built } from '../../support/built.js';
import { rejection } from '../../support/errors.js';
import { certificate, startTestServer, type TestServer } from '../../support/postgres.js';
import { postgresRig } from '../../support/postgres-rig.js';

const FIRST = 'first-password-1';

let encrypted: TestServer;
let plain: TestServer;
let ca: string;
let count = 0;

beforeAll(async () => {
  [encrypted, plain, ca] = await Promise.all([
    startTestServer({
      tls: true,
      hba: 'hostssl all wary 127.0.0.1/32 scram-sha-256 clientcert=verify-ca',
      settings: { log_connections: 'all' },
    }),
    startTestServer({ settings: { log_connections: 'all' } }),
    certificate('ca.pem'),
  ]);
});

afterAll(() => Promise.all([encrypted.stop(), plain.stop()]));

async function role(server: TestServer, name = `app_${++count}`): Promise<string> {
  await server.sql(`CREATE ROLE "${name}" LOGIN PASSWORD '${FIRST}'`);
  return name;
}

/** A secret that says nothing of TLS, for a host that the certificate is for. */
const secretFor = (server: TestServer, app: string, more: object = {}) =>
  server.secret(app, FIRST, { host: 'localhost', ssl: undefined, ...more });

async function failureOf(secret: string, options: PostgresOptions = {}) {
  const { begin, deliver } = await postgresRig(secret, options);
  await begin();
  await deliver('createSecret');
  return rejection(deliver('setSecret'));
}

test.each([undefined, true, 'true', 'require', [false]])(
  'a secret with "ssl": %j is rotated over TLS',
  async (ssl) => {
    const app = await role(encrypted);
    const { begin, rotation } = await postgresRig(secretFor(encrypted, app, { ssl }), { ca });
    await begin();
    expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
    const logins = encrypted.log().match(new RegExp(`authorized: user=${app} .*`, 'g'));
    expect(logins).toHaveLength(2);
    for (const login of logins ?? []) expect(login).toMatch(/SSL enabled \(protocol=TLSv1\.[23]/);
  },
);

test.each([false, 'false', 'FALSE'])('with "ssl": %j it is not encrypted', async (ssl) => {
  const app = await role(encrypted);
  const { begin, rotation } = await postgresRig(secretFor(encrypted, app, { ssl }));
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  expect(encrypted.log()).not.toMatch(new RegExp(`authorized: user=${app} .*SSL enabled`));
});

test.each([
  ['an authority that is not known', {}, {}, 'ERR_TLS_NOT_TRUSTED'],
  ['a host that the certificate is not for', { host: '127.0.0.1' }, { ca: true }, 'ERR_TLS_WRONG_NAME'],
])('a certificate of %s is refused, and no login is tried', async (_, more, options, code) => {
  const app = await role(encrypted);
  const error = await failureOf(secretFor(encrypted, app, more), 'ca' in options ? { ca } : {});
  expect(error).toMatchObject({ code, hint: expect.stringContaining('certificate') });
  expect(encrypted.log()).not.toContain(`user=${app} `);
  expect(await encrypted.accepts(app, FIRST)).toBe(true);
});

test('not even NODE_TLS_REJECT_UNAUTHORIZED=0 makes it trust', async () => {
  const app = await role(encrypted);
  const secret = { ...JSON.parse(secretFor(encrypted, app)), ssl: true };
  // In a separate process: what a test sets in process.env never reaches Node's TLS.
  const login = pathToFileURL(join(built('esm'), 'rotators/postgres/login.js'));
  const script =
    `import { logIn } from ${JSON.stringify(login)};` +
    `const place = ${JSON.stringify({ host: secret.host, port: secret.port })};` +
    `const options = { place, limitMs: () => 5000, signal: AbortSignal.timeout(9000) };` +
    `await logIn(${JSON.stringify(secret)}, options).then(() => console.log('in'), ({ code }) => console.log(code));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    env: {
      ...process.env,
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
      NODE_EXTRA_CA_CERTS: '',
      NODE_NO_WARNINGS: '1',
    },
  });
  expect(stdout).toBe('ERR_TLS_NOT_TRUSTED\n');
});

test('a server that wants a certificate of the client gets it, and without it lets nobody in', async () => {
  const wary = await role(encrypted, 'wary');
  const [cert, key] = await Promise.all([certificate('client.pem'), certificate('client.key')]);
  expect(await failureOf(secretFor(encrypted, wary), { ca })).toMatchObject({
    code: 'ERR_LOGIN_NOT_ALLOWED',
    hint: expect.stringContaining('`clientCertificate`'),
  });
  const { begin, rotation, password } = await postgresRig(secretFor(encrypted, wary), {
    ca,
    clientCertificate: { cert, key },
  });
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  const stored = await encrypted.verifierOf(wary);
  expect(stored).toMatch(/^SCRAM-SHA-256/);
  expect(await password('AWSCURRENT')).not.toBe(FIRST);
});

test('a certificate and a key that do not belong together are refused when the rotator is made', async () => {
  const [cert, key] = await Promise.all([certificate('client.pem'), certificate('impostor.key')]);
  for (const clientCertificate of [
    { cert, key },
    { cert, key: 'client.key' },
    { cert: '', key },
  ]) {
    expect(() => postgres({ clientCertificate })).toThrow(TypeError);
  }
});

test('a server without TLS is refused: nothing falls back to plaintext', async () => {
  const app = await role(plain);
  const error = await failureOf(secretFor(plain, app), { ca });
  expect(error).toMatchObject({
    code: 'ERR_TLS_NOT_OFFERED',
    message: expect.stringContaining('offers no TLS'),
    hint: expect.stringContaining('"ssl": false'),
  });
  expect(plain.log()).not.toContain(`user=${app} `);
  expect(await plain.accepts(app, FIRST)).toBe(true);
});

test('a server that agrees to TLS and does not speak it is told as that', async () => {
  const impostor = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write('S');
      socket.once('data', () => socket.write('no TLS record, whatever it is'));
    });
  }).listen(0, '127.0.0.1');
  await once(impostor, 'listening');
  const { port } = impostor.address() as AddressInfo;
  const error = await failureOf(encrypted.secret('app', FIRST, { host: 'localhost', ssl: undefined, port }), {
    ca,
  });
  impostor.close();
  expect(error).toMatchObject({
    code: 'ERR_TLS_FAILED',
    hint: expect.stringContaining('ssl_min_protocol_version'),
  });
});

test('channel binding finds out a man in the middle whose certificate is trusted', async () => {
  const app = await role(encrypted);
  const { port, close } = await manInTheMiddle(encrypted.port);
  const error = await failureOf(secretFor(encrypted, app, { port }), { ca });
  close();
  expect(error).toMatchObject({
    code: 'ERR_LOGIN_NOT_ALLOWED',
    message: expect.stringContaining('certificate that the function sees is not the server’s own'),
    hint: expect.stringMatching(/a proxy.*`connectTo`.*`channelBinding: false` or CHANNEL_BINDING=false/),
  });
  expect(encrypted.log()).toContain('SCRAM channel binding check failed');
  expect(await encrypted.accepts(app, FIRST)).toBe(true);
});

test.each(['option', 'variable'])('a proxy that ends TLS is passed if the %s says so', async (way) => {
  const app = await role(encrypted);
  const { port, close } = await manInTheMiddle(encrypted.port);
  if (way === 'variable') process.env.CHANNEL_BINDING = 'false';
  const options = way === 'option' ? { ca, channelBinding: false } : { ca };
  const { begin, rotation } = await postgresRig(secretFor(encrypted, app, { port }), options);
  delete process.env.CHANNEL_BINDING;
  await begin();
  expect(await rotation().run()).toMatchObject({ outcome: 'succeeded' });
  close();
});

/** Ends the client's TLS with another certificate for the same name, and passes everything on over its own TLS. */
async function manInTheMiddle(target: number): Promise<{ port: number; close: () => void }> {
  const [key, cert] = await Promise.all([certificate('impostor.key'), certificate('impostor.pem')]);
  const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
  const listener = createServer(async (client) => {
    await once(client, 'data');
    const upstream = connect(target, '127.0.0.1');
    upstream.write(sslRequest);
    await once(upstream, 'data');
    const outer = connectTls({ socket: upstream, rejectUnauthorized: false });
    await once(outer, 'secureConnect');
    client.write('S');
    const inner = new TLSSocket(client, { isServer: true, key, cert });
    const sockets = [client, upstream, inner, outer];
    // What one of them leaves open would keep the process that runs the tests.
    const end = () => {
      for (const socket of sockets) socket.destroy();
    };
    for (const socket of sockets) socket.on('error', () => {}).on('close', end);
    inner.pipe(outer).pipe(inner);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return { port: address.port, close: () => listener.close() };
}
