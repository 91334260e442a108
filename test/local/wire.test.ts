import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { LocalSecretsManager } from '../../src/testing/index.js';

const TARGET = 'secretsmanager.GetSecretValue';
let secrets: LocalSecretsManager;
let listener: Awaited<ReturnType<LocalSecretsManager['listen']>>;

beforeEach(async () => {
  secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 's', SecretString: '{"pässword":"ü\\u0000"}' });
  listener = await secrets.listen();
});

afterEach(() => listener.close());

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

interface Parts {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

function send({
  method = 'POST',
  path = '/',
  headers = {},
  body = '{"SecretId":"s"}',
}: Parts = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(`${listener.url}${path}`, {
      method,
      headers: { 'x-amz-target': TARGET, 'content-type': 'application/x-amz-json-1.1', ...headers },
    });
    call.on('error', reject);
    call.on('response', async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      resolve({
        status: response.statusCode,
        type: response.headers['content-type'],
        body: text === '' ? undefined : JSON.parse(text),
      });
    });
    call.end(body);
  });
}

/** What a client gets that speaks no SDK's HTTP. */
function speak(write: (socket: Socket) => void): Promise<string> {
  const { port } = new URL(listener.url);
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(Number(port), '127.0.0.1', () => write(socket));
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(heard));
  });
}

/** The service goes on, whatever came before. */
async function stillAnswers(): Promise<void> {
  expect(await send()).toMatchObject({ status: 200, body: { Name: 's' } });
}

test('a value comes through as it is, in UTF-8 and in escapes', async () => {
  expect(await send()).toMatchObject({ body: { SecretString: '{"pässword":"ü\\u0000"}' } });
  const body =
    '{"SecretId":"s","SecretString":"\\u00fc\\ud83d\\ude00","ClientRequestToken":"token-00000000-0000-0000-0000-0001"}';
  await send({ headers: { 'x-amz-target': 'secretsmanager.PutSecretValue' }, body });
  expect(await send()).toMatchObject({ body: { SecretString: 'ü😀' } });
});

test.each<[string, Parts, string]>([
  ['bad JSON', { body: '{"SecretId":"s"' }, 'SerializationException'],
  ['no object', { body: '["s"]' }, 'SerializationException'],
  ['null', { body: 'null' }, 'SerializationException'],
  ['bad UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]) }, 'SerializationException'],
  ['a wrong type', { body: '{"SecretId":5}' }, 'SerializationException'],
  [
    'bad base64',
    {
      body: '{"Name":"n","SecretBinary":"%%%"}',
      headers: { 'x-amz-target': 'secretsmanager.CreateSecret' },
    },
    'SerializationException',
  ],
  [
    'nothing but depth',
    { body: `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}` },
    'SerializationException',
  ],
  ['more than a target', { headers: { 'x-amz-target': `${TARGET}.x` } }, 'UnknownOperationException'],
  ['an empty body', { body: '' }, 'ValidationException'],
  ['a prototype', { body: '{"__proto__":{"SecretId":"s"}}' }, 'ValidationException'],
  [
    'an unknown operation',
    { headers: { 'x-amz-target': 'secretsmanager.Nothing' } },
    'UnknownOperationException',
  ],
  [
    'an inherited name',
    { headers: { 'x-amz-target': 'secretsmanager.toString' } },
    'UnknownOperationException',
  ],
  [
    'another service',
    { headers: { 'x-amz-target': 'dynamodb.GetSecretValue' } },
    'UnknownOperationException',
  ],
  ['no target', { headers: { 'x-amz-target': '' } }, 'UnknownOperationException'],
  ['another method', { method: 'GET', body: '' }, 'UnknownOperationException'],
  ['a web page', { headers: { origin: 'http://localhost:3000' } }, 'UnknownOperationException'],
])('%s is refused as AWS would', async (_, parts, type) => {
  expect(await send(parts)).toEqual({
    status: 400,
    type: 'application/x-amz-json-1.1',
    body: { __type: type, Message: expect.any(String) },
  });
  await stillAnswers();
});

test('a path before the root does no harm', async () => {
  expect(await send({ path: '/prefix/' })).toMatchObject({ status: 200 });
});

test('more than 1 MiB is refused, announced or not', async () => {
  const large = 'x'.repeat(1_048_577);
  const body = { __type: 'RequestEntityTooLargeException' };
  expect(await send({ body: large })).toMatchObject({ status: 413, body });
  const chunked = await send({ body: large, headers: { 'transfer-encoding': 'chunked' } });
  expect(chunked).toMatchObject({ status: 413, body });
  await stillAnswers();
});

test('who sends much too much, and listens only then, hears that it is refused', async () => {
  const body = 'x'.repeat(20_000_000);
  for (const head of [
    `content-length: ${body.length}\r\n\r\n`,
    'transfer-encoding: chunked\r\n\r\n1312D00\r\n',
  ]) {
    const end = head.startsWith('transfer') ? '\r\n0\r\n\r\n' : '';
    const heard = await speak((socket) => {
      socket.pause();
      socket.write(
        `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: ${TARGET}\r\n${head}${body}${end}`,
        (error) => {
          expect(error ?? undefined).toBeUndefined();
          socket.resume();
        },
      );
    });
    expect(heard).toMatch(/^HTTP\/1\.1 413 .*RequestEntityTooLargeException/s);
  }
  await stillAnswers();
});

test('what is no HTTP gets an answer of AWS’s kind, and is hung up on', async () => {
  const heard = await speak((socket) => socket.write('HELLO\r\n\r\n'));
  expect(heard).toMatch(/^HTTP\/1\.1 400 .*\r\n\r\n\{"__type":"SerializationException","Message":".*"\}$/s);
  await stillAnswers();
});

test('whoever wants a tunnel is refused', async () => {
  const heard = await speak((socket) => socket.write('CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n'));
  expect(heard).toContain('"__type"');
});

test('headers without end are hung up on', async () => {
  const heard = await speak((socket) => socket.write(`POST / HTTP/1.1\r\nx: ${'y'.repeat(100_000)}`));
  expect(heard).not.toContain('<html');
  await stillAnswers();
});

test('whoever hangs up in the middle of a request disturbs nobody', async () => {
  await speak((socket) => {
    socket.write(
      `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: ${TARGET}\r\ncontent-length: 100\r\n\r\n{"Secr`,
    );
    setTimeout(() => socket.resetAndDestroy(), 20);
  });
  await speak((socket) => {
    const body = '{"SecretId":"s"}';
    const head = `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: ${TARGET}\r\ncontent-length: ${body.length}\r\n\r\n`;
    socket.write(`${head}${body}`);
    socket.resetAndDestroy();
  });
  await stillAnswers();
});

test('many clients at once are answered', async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => send()));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
});

test('a client of any Region is answered', async () => {
  for (const region of ['us-east-1', 'cn-north-1']) {
    const scope = `AKID/20260202/${region}/secretsmanager/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=00`;
    expect(await send({ headers: { authorization } })).toMatchObject({ status: 200, body: { Name: 's' } });
  }
});

test('what has no Host, or other expectations, is answered all the same', async () => {
  const body = '{"SecretId":"s"}';
  const head = `x-amz-target: ${TARGET}\r\ncontent-length: ${body.length}\r\nconnection: close\r\n`;
  for (const more of ['', 'expect: more\r\n', 'expect: 100-continue\r\n']) {
    const heard = await speak((socket) => socket.write(`POST / HTTP/1.1\r\n${head}${more}\r\n${body}`));
    expect(heard).toMatch(/HTTP\/1\.1 200 OK/);
  }
});

test('close() answers what was being asked, and then nothing', async () => {
  const body = '{"SecretId":"s"}';
  let closed: Promise<void> | undefined;
  const heard = await speak((socket) => {
    socket.write(
      `POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: ${TARGET}\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    setTimeout(() => {
      closed = listener.close();
      socket.write(body);
    }, 20);
  });
  expect(heard).toContain('HTTP/1.1 200');
  await closed;
  await expect(send()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
