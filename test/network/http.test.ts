import { execFile } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer as createWebServer, type RequestListener } from 'node:http';
import { createServer as createTlsWebServer } from 'node:https';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { type HttpRequest, httpUrl, quoted, request } from '../../src/index.js';
import { built } from '../support/built.js';
import { allOf, leaks, rejection } from '../support/errors.js';
import { certificate } from '../support/postgres.js';

const IN_HEADER = 'hdr-9fK2mQx7-secret';
const IN_BODY = 'bdy-4wTz8Lp1-secret';
const IN_QUERY = 'qry-6nVb3Rj5-secret';
const ANSWERED = 'ans-1cYd7Gh2-secret';
const SECRETS = [IN_HEADER, IN_BODY, IN_QUERY, ANSWERED];

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server, scheme = 'http', host = '127.0.0.1'): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `${scheme}://${host}:${(server.address() as AddressInfo).port}`;
}

/** A server that speaks for itself: what it does with a connection once a request has begun to come. */
const raw = (talk: (socket: Socket) => void) =>
  listening(createServer((socket) => socket.once('data', () => talk(socket))));
const web = (answer: RequestListener) => listening(createWebServer(answer));

/** A request with a secret in each of its parts. */
const call = (origin: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  doing: 'make a key',
  url: `${origin}/keys/${IN_QUERY}?token=${IN_QUERY}`,
  method: 'POST',
  headers: { authorization: `Bearer ${IN_HEADER}` },
  body: JSON.stringify({ key: IN_BODY }),
  signal: AbortSignal.timeout(20_000),
  ...more,
});

/** What a request fails with, once it is sure that it tells no secret. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const error = await rejection(work);
  for (const secret of SECRETS) expect(leaks(allOf(error), secret)).toBeUndefined();
  return error;
}

/** Resolves once nothing is connected any more. */
async function untilClosed(): Promise<void> {
  await Promise.all([...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))));
}

test('sends what it is given, and reads the answer', async () => {
  const origin = await web(async (asked, response) => {
    let body = '';
    for await (const chunk of asked) body += chunk;
    const { method, url, headers } = asked;
    response.writeHead(201, { 'X-Page': '2', 'set-cookie': ['a=1', 'b=2'] });
    response.end(JSON.stringify({ method, url, headers, body }));
  });
  const response = await request(call(origin, { body: '{"key":"é"}' }));
  expect(response.status).toBe(201);
  expect(response.headers.get('x-page')).toBe('2');
  expect(response.headers.get('set-cookie')).toBe('a=1, b=2');
  expect(response.json()).toMatchObject({
    method: 'POST',
    url: `/keys/${IN_QUERY}?token=${IN_QUERY}`,
    headers: {
      authorization: `Bearer ${IN_HEADER}`,
      'accept-encoding': 'identity',
      'content-length': '12',
      connection: 'close',
    },
    body: '{"key":"é"}',
  });
});

test('keeps no connection for the next request', async () => {
  const origin = await web((_, response) => response.end('ok'));
  await request(call(origin));
  await untilClosed();
  expect((await request(call(origin))).text()).toBe('ok');
});

test.each([
  'http://example.com',
  'http://127.0.0.1.example.com',
  'http://10.0.0.1',
  'http://localhost.example.com',
  'ftp://127.0.0.1',
  'file:///etc/passwd',
  `https://user:${IN_QUERY}@example.com`,
  `https://${IN_QUERY}@example.com`,
  `//${IN_QUERY}`,
  '',
])('refuses %j as a URL, and quotes nothing of it', async (url) => {
  const error = await failureOf(request(call('', { url })));
  expect(error).toMatchObject({ name: 'TypeError', message: expect.stringMatching(/^"url" must /) });
});

test.each([
  'https://example.com',
  'http://127.0.0.1',
  'http://127.255.0.9:80',
  'http://localhost:1',
  'http://[::1]:1',
])('takes %j as a URL', (url) => expect(httpUrl(url).href).toBe(new URL(url).href));

test.each([
  { 'x-key': `${IN_HEADER}\r\nx-more: 1` },
  { 'x-key': `${IN_HEADER}\0` },
  { 'x-key': `${IN_HEADER}…` },
  { [`x-key: ${IN_HEADER}\r\n`]: 'value' },
  { Host: IN_HEADER },
  { 'Content-Length': '1' },
  { 'transfer-encoding': 'chunked' },
  { expect: '100-continue' },
])('refuses the headers %j before anything is sent', async (headers) => {
  let connections = 0;
  const origin = await raw(() => connections++);
  expect(await failureOf(request(call(origin, { headers })))).toMatchObject({ name: 'TypeError' });
  expect(connections).toBe(0);
});

test.each([
  [
    'garbage',
    (socket: Socket) => socket.end(`\x16\x03 ${ANSWERED}\r\n\r\n`),
    'ERR_SERVICE_FAILED',
    'sent an invalid HTTP answer',
  ],
  [
    'a header without an end',
    (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nx: ${ANSWERED.repeat(9999)}`),
    'ERR_SERVICE_FAILED',
    'too long a header',
  ],
  [
    'nothing, and the end',
    (socket: Socket) => socket.end(),
    'ERR_SERVICE_UNREACHABLE',
    'closed the connection',
  ],
  [
    'a reset',
    (socket: Socket) => socket.resetAndDestroy(),
    'ERR_SERVICE_UNREACHABLE',
    'closed the connection',
  ],
  [
    'half a body',
    (socket: Socket) => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n${ANSWERED}`),
    'ERR_SERVICE_UNREACHABLE',
    'closed the connection',
  ],
  [
    'a change of protocol',
    (socket: Socket) =>
      socket.write(`HTTP/1.1 101 Go\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n${ANSWERED}`),
    'ERR_SERVICE_UNREACHABLE',
    'closed the connection',
  ],
])('a service that answers with %s fails, and says so', async (_, talk, code, problem) => {
  const origin = await raw(talk);
  expect(await failureOf(request(call(origin)))).toMatchObject({
    name: 'RotationError',
    code,
    message: expect.stringMatching(new RegExp(`^could not make a key: ${origin} .*${problem}`)),
    hint: expect.any(String),
  });
  await untilClosed();
});

test.each([
  ['HTML', `<html>${ANSWERED}</html>`],
  ['half of JSON', `{"key":"${ANSWERED}`],
  ['nothing', ''],
  ['bytes that are no text', Buffer.from([0x22, 0xff, 0x22])],
])('%s is no JSON, and not quoted', async (_, body) => {
  const origin = await web((_, response) => response.end(body));
  const response = await request(call(origin));
  const error = await failureOf((async () => response.json())());
  expect(error).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
    message: expect.stringMatching(/answered 200 with a body that is not (JSON|UTF-8)$/),
  });
});

test('of 100 MB no more than the limit is read', async () => {
  let written = 0;
  const origin = await web((_, response) => {
    const chunk = Buffer.alloc(65_536, ANSWERED);
    const more = () => {
      while (written < 100_000_000) {
        written += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  const error = await failureOf(request(call(origin)));
  expect(error).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
    message: expect.stringContaining('more than 1048576 bytes'),
  });
  await untilClosed();
  expect(written).toBeLessThan(20_000_000);
});

test('an answer of just the limit is read', async () => {
  const origin = await web((_, response) => response.end('x'.repeat(100)));
  expect((await request(call(origin, { maxBytes: 100 }))).text()).toHaveLength(100);
  expect(await failureOf(request(call(origin, { maxBytes: 99 })))).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
  });
});

test('a compressed answer, which was not asked for, is not blown up', async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const origin = await web((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
  });
  const response = await request(call(origin));
  expect(await failureOf((async () => response.text())())).toMatchObject({
    message: expect.stringContaining('compressed'),
  });
});

test.each([
  ['never answers', 'waiting', (_: Socket) => {}, 'does not answer'],
  [
    'sends its header byte by byte',
    'waiting',
    (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    },
    'does not answer',
  ],
  [
    'sends its body byte by byte',
    'reading',
    (socket: Socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n');
      const timer = setInterval(() => socket.write('x'), 20);
      socket.on('close', () => clearInterval(timer));
    },
    'did not finish its answer',
  ],
])('a service that %s is waited for only so long', async (_, __, talk, problem) => {
  const origin = await raw(talk);
  const byLimit = await failureOf(request(call(origin, { limitMs: 200 })));
  const bySignal = await failureOf(request(call(origin, { signal: AbortSignal.timeout(200) })));
  for (const error of [byLimit, bySignal]) {
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_TIMEOUT',
      message: expect.stringMatching(new RegExp(`${problem}, after \\d{3,} ms$`)),
    });
  }
  await untilClosed();
});

test('nothing is sent once the time is up', async () => {
  let connections = 0;
  const origin = await raw(() => connections++);
  expect(await failureOf(request(call(origin, { signal: AbortSignal.abort() })))).toMatchObject({
    name: 'AbortError',
  });
  expect(connections).toBe(0);
});

test.each([
  [`https://other.example/${ANSWERED}?key=${ANSWERED}`, `a redirect to ${quoted('https://other.example')}`],
  [`/other?key=${ANSWERED}`, 'a redirect to another path'],
  [`javascript:${ANSWERED}`, 'a redirect to an invalid URL'],
  [`http://[${ANSWERED}`, 'a redirect to an invalid URL'],
])('a redirect to %j is not followed, and its query not told', async (location, problem) => {
  const asked: unknown[] = [];
  const origin = await web(({ url }, response) => {
    asked.push(url);
    response.writeHead(307, { location }).end(ANSWERED);
  });
  expect(await failureOf(request(call(origin)))).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
    message: `could not make a key: ${origin} answered 307, ${problem}`,
  });
  expect(asked).toHaveLength(1);
});

test.each([
  ['120', 120_000],
  ['0', 0],
  ['Wed, 21 Oct 2015 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2015 07:27:00 GMT', 0],
  ['soon', undefined],
  ['-5', undefined],
  ['1e9', undefined],
])('Retry-After: %s is a wait of %j ms', async (value, wait) => {
  jest.spyOn(Date, 'now').mockReturnValue(Date.UTC(2015, 9, 21, 7, 28, 0));
  const origin = await web((_, response) => response.writeHead(429, { 'retry-after': value }).end(ANSWERED));
  const response = await request(call(origin)).finally(() => jest.restoreAllMocks());
  expect(response.retryAfterMs).toBe(wait);
  const { hint } = response.failure();
  if (wait) expect(hint).toContain(`a pause of ${wait / 1000} s`);
  else expect(hint).not.toContain('undefined');
});

test.each([
  [400, 'ERR_SERVICE_FAILED'],
  [401, 'ERR_RIGHTS_MISSING'],
  [403, 'ERR_RIGHTS_MISSING'],
  [404, 'ERR_SERVICE_FAILED'],
  [503, 'ERR_SERVICE_FAILED'],
])('a status of %i that nobody expects is told without the answer', async (status, code) => {
  const origin = await web((_, response) => response.writeHead(status, ANSWERED).end(ANSWERED));
  const response = await request(call(origin));
  const failure = await failureOf(Promise.reject(response.failure()));
  expect(failure).toMatchObject({ code, message: `could not make a key: ${origin} answered ${status}` });
  // What understands a request and refuses it is no sign-in page.
  if (status === 400)
    expect(failure).toMatchObject({ hint: expect.stringContaining('the service rejects this request') });
});

test('a port where nobody listens, and a name that there is not, are told apart', async () => {
  const origin = await web(() => {});
  servers.pop()?.close();
  expect(await failureOf(request(call(origin)))).toMatchObject({
    code: 'ERR_SERVICE_REFUSED',
    message: `could not make a key: ${origin} refuses connections (ECONNREFUSED)`,
  });
  expect(await failureOf(request(call('https://nowhere.invalid', { limitMs: 15_000 })))).toMatchObject({
    code: 'ERR_SERVICE_NOT_FOUND',
  });
});

test('a look-up that takes too long is told as that, and not as a way that is closed', async () => {
  jest.spyOn(dns, 'lookup').mockImplementation((() => {}) as never);
  const failed = failureOf(request(call('https://api.example.com', { limitMs: 100 })));
  expect(await failed.finally(() => jest.restoreAllMocks())).toMatchObject({
    code: 'ERR_SERVICE_TIMEOUT',
    message: expect.stringMatching(
      /^could not make a key: https:..api.example.com got no answer from DNS, after 1\d\d ms$/,
    ),
    hint: 'check the VPC’s DNS: it is slow, or does not answer',
  });
});

test('a connection that the system gives up on is a service that does not answer', async () => {
  const origin = await web(() => {});
  jest.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket) {
    const late = Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' });
    setImmediate(() => this.destroy(late));
    return Object.assign(this, { connecting: true });
  });
  const failure = await failureOf(request(call(origin))).finally(() => jest.restoreAllMocks());
  expect(failure).toMatchObject({
    code: 'ERR_SERVICE_TIMEOUT',
    message: `could not make a key: ${origin} does not answer (ETIMEDOUT)`,
    hint: expect.stringContaining('NAT gateway'),
  });
});

describe('over TLS', () => {
  async function secure(host?: string): Promise<string> {
    const [key, cert] = await Promise.all([certificate('server.key'), certificate('server.pem')]);
    return listening(
      createTlsWebServer({ key, cert }, (_, response) => response.end('ok')),
      'https',
      host,
    );
  }

  test('a service whose authority is named is spoken to', async () => {
    const ca = await certificate('ca.pem');
    expect((await request(call(await secure('localhost'), { ca }))).text()).toBe('ok');
  });

  test('one that nobody vouches for is not', async () => {
    expect(await failureOf(request(call(await secure('localhost'))))).toMatchObject({
      code: 'ERR_TLS_NOT_TRUSTED',
      hint: expect.stringContaining('`ca`'),
    });
  });

  // In a separate process, as built: Node's TLS does not read the environment that Jest gives a test.
  test('not even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    const script = `
      import { request } from ${JSON.stringify(join(built('esm'), 'src/index.js'))};
      const call = { doing: 'ask', url: process.argv[1], signal: AbortSignal.timeout(10_000) };
      console.log(await request(call).then(({ status }) => status, ({ code }) => code));`;
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
    const args = ['--input-type=module', '--eval', script, await secure('localhost')];
    const { stdout } = await promisify(execFile)(process.execPath, args, { env });
    expect(stdout).toBe('ERR_TLS_NOT_TRUSTED\n');
  });

  test('nor one whose certificate is for another name', async () => {
    const ca = await certificate('ca.pem');
    expect(await failureOf(request(call(await secure('127.0.0.1'), { ca })))).toMatchObject({
      code: 'ERR_TLS_WRONG_NAME',
    });
  });

  test('nor a port without TLS', async () => {
    const origin = (await web((_, response) => response.end('ok'))).replace('http:', 'https:');
    expect(await failureOf(request(call(origin)))).toMatchObject({ code: 'ERR_TLS_FAILED' });
  });
});
