import { type ApiKeySpec, apiKey, type JsonValue } from '../../../rotators/api-key/index.js';
import { rig } from '../../../src/testing/index.js';
import { deskDialect, SPEC } from '../../support/desk-provider.js';
import { ProviderServer } from '../../support/provider-server.js';

// What a provider may answer that is no answer, or one of another kind than a spec is for.

let provider: ProviderServer;
beforeAll(async () => {
  provider = await ProviderServer.start(deskDialect);
});
beforeEach(() => provider.reset());
afterAll(() => provider.stop());

const desk: ApiKeySpec = JSON.parse(SPEC);
const headers = { authorization: 'Bearer {key}' };

async function rigged(parts: Partial<ApiKeySpec> = {}) {
  const { id, key } = provider.keys.issue('made by hand');
  return rig(apiKey({ ...desk, ...parts }), { secret: { key, keyId: id, url: provider.url } });
}

describe('what the next key takes from the one in use', () => {
  async function madeFrom(answer: readonly [number, unknown?], json: JsonValue, more: object = {}) {
    const current = { url: '{url}/current', headers, ...more };
    const rig = await rigged({ create: { ...desk.create, json: { name: '{key.name}', json }, current } });
    provider.before = ({ url }) => (url.pathname === '/current' ? answer : undefined);
    const { steps } = await rig.rotate();
    return {
      error: steps.at(-1)?.error,
      sent: provider.calls.find(({ method }) => method === 'POST')?.body.json,
    };
  }

  test.each([
    [[204]],
    [[200, {}]],
    [[200, []]],
    [[200, { errors: ['late'] }]],
    [[200, { result: null }]],
  ] as const)('may be absent only from what holds the key: %j makes none', async (answer) => {
    const { error, sent } = await madeFrom(answer, { ips: '{current?:/result/ips}' });
    expect(error).toMatchObject({ message: expect.stringContaining('nothing at /result/ips') });
    expect(sent).toBeUndefined();
  });

  test.each([[[]], [false], [0], ['']])('is taken as it is, be it %j', async (ips) => {
    const { sent } = await madeFrom([200, { result: { ips } }], { ips: '{current?:/result/ips}' });
    expect(sent).toEqual({ ips });
  });

  const times = { from: '/made', until: '/ends' };

  test.each([[[204]], [[200, {}]], [[200, []]], [[200, { ends: null }]]] as const)(
    'is no life without an end if the beginning is not told either: %j makes no key',
    async (answer) => {
      const { error, sent } = await madeFrom(answer, { ttl: '{current.lifetime}' }, times);
      expect(error).toMatchObject({ message: expect.stringContaining('/made') });
      expect(sent).toBeUndefined();
    },
  );

  test('is no time in microseconds: a key would live a thousand times as long', async () => {
    const answer = { made: 1_767_225_600_000_000, ends: 1_775_001_600_000_000 };
    const { error, sent } = await madeFrom([200, answer], { ttl: '{current.lifetime}' }, times);
    expect(error).toMatchObject({ message: expect.stringContaining('no time at /made') });
    expect(sent).toBeUndefined();
  });

  test.each([-1, '0001-01-01T00:00:00Z'])('is no end where %j says that there is none', async (ends) => {
    const answer = { made: '2026-01-01T00:00:00Z', ends };
    const { sent } = await madeFrom([200, answer], { ttl: '{current.lifetime}' }, times);
    expect(sent).toEqual({});
  });

  test('is an end of four digits, where that of the key in use is the last of them', async () => {
    const answer = { made: '2026-01-01T00:00:00Z', ends: '9999-12-31T23:59:59Z' };
    const { sent } = await madeFrom([200, answer], { end: '{current.expiry}' }, times);
    expect(sent).toEqual({ end: '9999-12-31T23:59:59Z' });
  });
});

test.each([
  [400, 'display_name exceeds the maximum length of 64'],
  [400, 'expires_at is more than the maximum of 365 days'],
  [413, 'the payload exceeds the maximum'],
])('%i “%s” is no lack of room, and ends no key', async (status, error) => {
  const { rotate } = await rigged({ maxKeys: 'until-full' });
  await rotate();
  provider.before = ({ method }) => (method === 'POST' ? [status, { error }] : undefined);
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
  expect(provider.live()).toEqual(['1001', '1002']);
});

test('a list may go on for a while to show what was ended without a word', async () => {
  const { rotate } = await rigged();
  await rotate();
  const shown = provider.keys.live();
  let lists = 0;
  provider.before = ({ method, url }) => {
    if (method === 'DELETE') {
      provider.keys.end(url.pathname.split('/').at(-1));
      return [202];
    }
    if (method !== 'GET' || url.pathname !== '/keys' || lists++ === 0 || lists > 3) return undefined;
    const keys = shown.map(({ id, name, createdAt }) => ({ id, name, created: createdAt }));
    return [200, { keys }];
  };
  expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
  expect(provider.live()).toEqual(['1002', '1003']);
});

test('empty pages that lead back to themselves are an error at once', async () => {
  const pages = { parameter: 'after', next: '/next' } as const;
  const { rotate } = await rigged({ list: { ...desk.list, pages } });
  let lists = 0;
  provider.before = ({ method, url }) => {
    if (method !== 'GET' || url.pathname !== '/keys') return undefined;
    lists++;
    return [200, { keys: [], next: 'x' }];
  };
  expect((await rotate()).steps.at(-1)?.error).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
  expect(lists).toBe(2);
});
