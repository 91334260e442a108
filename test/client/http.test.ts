import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { accepts } from '../../rotators/service-token/verify/index.js';
import { prefetch, rotatingFetch, rotatingSecret, tokenGuard } from '../../src/client/index.js';
import { LocalSecretsManager } from '../../src/testing/index.js';
import { awsError, clientWorld, freeze, settle, unreachable } from '../support/client-world.js';
import { listening } from '../support/listening.js';

afterEach(() => jest.useRealTimers());

/** A service that takes a token, and writes down what it was sent. */
let answer = (_request: IncomingMessage, response: ServerResponse): unknown => response.end();
let seen: { method?: string | undefined; url?: string | undefined; token?: unknown; body: string }[] = [];
let accepted = 'key-number-one';
const servers: Server[] = [];
async function start(): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const token = request.headers['x-api-key'];
    seen.push({ method: request.method, url: request.url, token, body });
    if (request.url === '/') response.writeHead(token === accepted ? 200 : 401).end('body');
    else answer(request, response);
  });
  servers.push(server);
  return `http://127.0.0.1:${await listening(server)}`;
}
afterAll(() => {
  for (const server of servers) server.close();
});
beforeEach(() => {
  seen = [];
  accepted = 'key-number-one';
});

async function signing() {
  const secrets = new LocalSecretsManager();
  await secrets.createSecret({ Name: 'key', SecretString: '{"apiKey":"key-number-one"}' });
  const calls: (string | undefined)[] = [];
  const secret = rotatingSecret<{ apiKey: string }>('key', {
    client: {
      getSecretValue(input) {
        calls.push(input.VersionStage);
        return secrets.getSecretValue(input);
      },
    },
    pending: ['apiKey'],
  });
  const send = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey));
  const store = (apiKey: string, VersionStages = ['AWSCURRENT']) =>
    secrets.putSecretValue({ SecretId: 'key', SecretString: JSON.stringify({ apiKey }), VersionStages });
  await secret.get();
  return { secret, send, store, calls };
}

/** A second ago, so that a look is allowed. */
async function aSecondLater() {
  await new Promise((resolve) => setTimeout(resolve, 1010));
}

test('a 401 is answered with the newer key, once, and the caller sees the second answer alone', async () => {
  const url = await start();
  const { send, store, calls } = await signing();
  await aSecondLater();
  await store('key-number-two');
  accepted = 'key-number-two';
  const response = await send(url, { method: 'POST', body: 'order' });
  expect(response.status).toBe(200);
  expect(seen.map(({ token, body }) => [token, body])).toEqual([
    ['key-number-one', 'order'],
    ['key-number-two', 'order'],
  ]);
  expect(calls).toEqual(['AWSCURRENT', 'AWSCURRENT']);
});

test('AWSPENDING is used between setSecret and finishSecret, from then on at once', async () => {
  const url = await start();
  const { send, store } = await signing();
  await aSecondLater();
  await store('key-number-two', ['AWSPENDING']);
  accepted = 'key-number-two';
  for (let n = 0; n < 3; n++) expect((await send(url)).status).toBe(200);
  expect(seen.map(({ token }) => token)).toEqual([
    'key-number-one',
    'key-number-two',
    'key-number-two',
    'key-number-two',
  ]);
});

test('a 401 that no other key mends is the caller’s, costs one look a second, and makes nobody wait', async () => {
  const url = await start();
  const { send, calls } = await signing();
  await aSecondLater();
  calls.length = 0;
  answer = (_, response) => response.writeHead(401).end();
  const mixed = await Promise.all(
    Array.from({ length: 100 }, (_, n) =>
      send(n % 2 ? url : `${url}/forbidden`).then(({ status }) => status),
    ),
  );
  expect(mixed.filter((status) => status === 200)).toHaveLength(50);
  expect(calls.filter((stage) => stage === 'AWSCURRENT').length).toBeLessThanOrEqual(2);
  expect(seen).toHaveLength(100);
});

test('a 401 of one caller fails no other, while AWSPENDING is a key that the service does not take', async () => {
  const url = await start();
  const { send, store } = await signing();
  await store('key-number-two', ['AWSPENDING']);
  answer = (_, response) => response.writeHead(401).end();
  const statuses: number[] = [];
  for (let n = 0; n < 4; n++) {
    expect((await send(`${url}/forbidden`)).status).toBe(401);
    statuses.push((await send(url)).status, (await send(url)).status);
    await aSecondLater();
  }
  expect(statuses).toEqual(Array.from({ length: 8 }, () => 200));
});

test.each([
  ['is no header', 'key\nnumber-two'],
  ['is refused as well', 'key-number-two'],
])('a 401 is the caller’s, with its body, where AWSPENDING %s', async (_, apiKey) => {
  const url = await start();
  const { send, store } = await signing();
  await store(apiKey, ['AWSPENDING']);
  accepted = 'key-number-three';
  const response = await send(url);
  expect([response.status, await response.text()]).toEqual([401, 'body']);
  accepted = 'key-number-one';
  expect((await send(url)).status).toBe(200);
});

test('a rotation that is begun again with another key, and one that is rolled back, fail no request', async () => {
  const url = await start();
  const { send, store } = await signing();
  for (const key of ['key-number-two', 'key-number-three']) {
    await store(key, ['AWSPENDING']);
    accepted = key;
    await aSecondLater();
    expect((await send(url)).status).toBe(200);
  }
  accepted = 'key-number-one';
  expect((await send(url)).status).toBe(200);
  expect((await send(url)).status).toBe(200);
});

test('a body that can be sent once is sent once', async () => {
  const url = await start();
  const { send, store } = await signing();
  await aSecondLater();
  await store('key-number-two');
  accepted = 'key-number-two';
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('streamed'));
      controller.close();
    },
  });
  const response = await send(url, { method: 'POST', body, duplex: 'half' } as RequestInit);
  expect(response.status).toBe(401);
  expect(seen).toHaveLength(1);
  await expect(response.text()).resolves.toBe('body');
  const request = new Request(url, { method: 'POST', body: 'of a Request' });
  accepted = 'key-number-three';
  expect((await send(request)).status).toBe(401);
  expect(seen).toHaveLength(2);
});

test.each([
  '//evil.example/',
  'https:\\\\evil.example/',
  'http://api.example/',
  'https://api.example:444/',
  'https://api.example.evil/',
  'https://api.example@evil.example/',
  'https://user:word@api.example/',
  'blob:https://api.example/1',
])('a redirect to %s is the caller’s', async (location) => {
  const { secret } = await signing();
  const own = jest.fn(async () => new Response(null, { status: 302, headers: { location } }));
  const send = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey), {
    fetch: own,
  });
  expect((await send('https://api.example/orders')).headers.get('location')).toBe(location);
  expect(own).toHaveBeenCalledTimes(1);
  secret.close();
});

test('what signs a request does not follow it to another origin; within the origin it does', async () => {
  const url = await start();
  const other = await start();
  const { send } = await signing();
  answer = (_, response) => response.writeHead(302, { location: other }).end();
  const away = await send(`${url}/away`);
  expect([away.status, away.headers.get('location')]).toEqual([302, other]);
  expect(seen).toHaveLength(1);
  answer = (_, response) => response.writeHead(307, { location: '/' }).end();
  expect((await send(`${url}/inside`)).status).toBe(200);
  expect((await send(`${url}/inside`, { method: 'POST', body: 'once' })).status).toBe(307);
  expect(seen.filter(({ body }) => body === 'once')).toHaveLength(1);
  await expect(send(`${url}/inside`, { redirect: 'error' })).rejects.toThrow();
  answer = (_, response) => response.writeHead(302, { location: '/round' }).end();
  expect((await send(`${url}/round`)).status).toBe(302);
});

test('takes a Request of another library, and a path for a fetch that knows its own origin', async () => {
  const { send: _, secret } = await signing();
  const sent: unknown[] = [];
  const own: typeof fetch = async (input) => {
    sent.push(input);
    return new Response();
  };
  const send = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey), {
    fetch: own,
  });
  const request = {
    url: 'https://api.example/',
    method: 'GET',
    headers: { a: 'b' },
    body: null,
  } as unknown as Request;
  expect((await send(request)).status).toBe(200);
  expect((await send('/orders')).status).toBe(200);
  expect(sent).toEqual([request, '/orders']);
});

describe('tokenGuard', () => {
  async function guarding() {
    const world = await clientWorld({}, { previous: 'token-a', current: 'token-b', next: 'token-c' });
    const secret = rotatingSecret('app/db', { client: world.client });
    return { ...world, guard: tokenGuard(secret, accepts) };
  }

  test('reads once however many ask, and takes the three tokens of the secret', async () => {
    const { guard, remote } = await guarding();
    const all = await Promise.all(Array.from({ length: 1000 }, () => guard('Bearer token-b')));
    expect(all.every(Boolean)).toBe(true);
    expect(await guard('bearer token-a')).toBe(true);
    expect(await guard('token-a')).toBe(false);
    expect(await guard()).toBe(false);
    expect(remote.calls).toEqual(['AWSCURRENT']);
  });

  test('looks again for an unknown token, at a bounded pace, and keeps what it has while Secrets Manager is away', async () => {
    const { guard, remote, stage } = await guarding();
    await guard();
    remote.calls.length = 0;
    for (let n = 0; n < 100; n++) {
      expect(await guard(`Bearer guess-${n}`)).toBe(false);
      freeze(200);
    }
    expect(remote.calls.length).toBeLessThanOrEqual(4);
    freeze(5000);
    await stage({ previous: 'token-b', current: 'token-c', next: 'token-d' }, ['AWSCURRENT']);
    expect(await guard('Bearer token-d')).toBe(true);
    remote.failure = unreachable();
    freeze(3_600_000);
    expect(await guard('Bearer token-d')).toBe(true);
    expect(await guard('Bearer token-e')).toBe(false);
    await settle();
  });

  test('waits for a check that is asynchronous, and looks again for what it does not know', async () => {
    const { secrets, client } = await clientWorld({}, { current: 'token-b' });
    const secret = rotatingSecret('app/db', { client });
    const guard = tokenGuard(secret, async (value, token) => value.current === token);
    const isKnown: boolean = await guard('Bearer token-b');
    expect(isKnown).toBe(true);
    expect(await guard('Bearer token-c')).toBe(false);
    await secrets.putSecretValue({ SecretId: 'app/db', SecretString: '{"current":"token-c"}' });
    freeze(5000);
    expect(await guard('Bearer token-c')).toBe(true);
    secret.close();
  });

  test.each([
    ['no scheme', 'token-b'],
    ['no token', 'Bearer '],
    ['the name of a field', 'Bearer __proto__'],
    ['a name that every object has', 'Bearer constructor'],
    ['two tokens', 'Bearer token-b token-b'],
    ['a line more', 'Bearer token-b\n'],
    ['a megabyte', `Bearer ${'token-b'.repeat(150_000)}`],
    ['a megabyte of blanks', `Bearer ${' '.repeat(1e6)}x y`],
    ['several headers', ['Bearer token-a', 'Bearer token-b']],
    ['no text', new String('Bearer token-b')],
  ])('takes no header with %s', async (_, header) => {
    const { guard } = await guarding();
    const from = performance.now();
    expect(await guard(header as string)).toBe(false);
    expect(performance.now() - from).toBeLessThan(1000);
  });

  test('lets an unknown token wait two seconds at most for a look that hangs', async () => {
    const { guard, remote } = await guarding();
    await guard();
    freeze(10_000);
    remote.held = new Promise(() => {});
    expect(await guard('Bearer guess')).toBe(false);
    expect(await guard('Bearer token-a')).toBe(true);
  });

  test('rejects as long as the secret could never be read', async () => {
    const { guard, remote } = await guarding();
    remote.failure = awsError('AccessDeniedException');
    await expect(guard('Bearer token-a')).rejects.toMatchObject({ code: 'ERR_SECRET_DENIED' });
  });
});

describe('prefetch', () => {
  async function many(count: number, batch?: 'denied' | 'absent') {
    const secrets = new LocalSecretsManager();
    const names = Array.from({ length: count }, (_, n) => `many/${n}`);
    for (const Name of names) await secrets.createSecret({ Name, SecretString: `{"name":"${Name}"}` });
    const calls: string[] = [];
    const client = {
      getSecretValue(input: { SecretId: string }) {
        calls.push(input.SecretId);
        return secrets.getSecretValue(input);
      },
      ...(batch !== 'absent' && {
        batchGetSecretValue(input: { SecretIdList: string[]; NextToken?: string }) {
          calls.push(`${input.SecretIdList.length} at once`);
          if (batch) return Promise.reject(awsError('AccessDeniedException'));
          return secrets.batchGetSecretValue(input);
        },
      }),
    };
    return { secrets, client, calls, held: names.map((name) => rotatingSecret(name, { client })) };
  }

  test('reads 45 secrets in three calls, and each answers from memory', async () => {
    const { held, calls } = await many(45);
    await prefetch(held);
    const values = await Promise.all(held.map((secret) => secret.get()));
    expect(values.map(({ value }) => value.name)).toEqual(held.map(({ id }) => id));
    expect(calls).toEqual(['20 at once', '20 at once', '5 at once']);
    for (const secret of held) secret.close();
  });

  test('reads on while there are pages, and what no page has by itself', async () => {
    const { held, client, secrets, calls } = await many(4);
    const pages = {
      ...client,
      async batchGetSecretValue({
        SecretIdList,
        NextToken = '0',
      }: {
        SecretIdList: string[];
        NextToken?: string;
      }) {
        calls.push(`page ${NextToken}`);
        if (NextToken === '2') throw awsError('InternalServiceError');
        const SecretValues = [await secrets.getSecretValue({ SecretId: SecretIdList[Number(NextToken)]! })];
        return { SecretValues, NextToken: String(Number(NextToken) + 1) };
      },
    };
    const paged = held.map(({ id }) => rotatingSecret(id, { client: pages }));
    await prefetch([...paged, paged[0]!]);
    expect(calls.sort()).toEqual(['many/2', 'many/3', 'page 0', 'page 1', 'page 2']);
    calls.length = 0;
    for (const secret of paged) expect((await secret.get()).value.name).toBe(secret.id);
    expect(calls).toEqual([]);
    for (const secret of paged) secret.close();
  });

  test('gives a failure to its secret alone', async () => {
    const { held, client, calls } = await many(3);
    const absent = rotatingSecret('many/absent', { client });
    await prefetch([...held, absent]);
    await expect(absent.get()).rejects.toMatchObject({ code: 'ERR_SECRET_DENIED', secretId: 'many/absent' });
    await expect(held[0]!.get()).resolves.toMatchObject({ stage: 'AWSCURRENT' });
    expect(calls).toEqual(['4 at once']);
    for (const secret of [...held, absent]) secret.close();
  });

  test('reads a secret that is named twice, by ARN and pinned, and takes each answer to whom it belongs', async () => {
    const { secrets, client, calls } = await many(1);
    const { ARN = '' } = await secrets.describeSecret({ SecretId: 'many/0' });
    const ids = ['many/0', 'many/0', ARN, ARN.slice(0, -7)];
    const held = ids.map((id) => rotatingSecret(id, { client }));
    const pinned = rotatingSecret('many/0', { client, version: { stage: 'AWSCURRENT' } });
    await prefetch([...held, pinned]);
    for (const secret of held) await expect(secret.get()).resolves.toMatchObject({ stage: 'AWSCURRENT' });
    expect(calls[0]).toBe('3 at once');
    for (const secret of [...held, pinned]) secret.close();
  });

  test.each(['denied', 'absent'] as const)(
    'reads one by one, five at a time, where that call is %s',
    async (batch) => {
      const { held, calls } = await many(30, batch);
      await prefetch(held);
      expect(calls.filter((call) => call.startsWith('many/'))).toHaveLength(30);
      for (const secret of held) secret.close();
    },
  );
});
