import { type ApiKeySpec, apiKey, type JsonValue } from '../../../rotators/api-key/index.js';
import { rig } from '../../../src/testing/index.js';
import { allOf, leaks } from '../../support/errors.js';
import { type Dialect, ProviderServer, type ServedKey } from '../../support/provider-server.js';

const ADMIN = 'adm-5Tq8wZr2vXn9';

/** A desk whose keys are made by an administrator, and which says in its list what a test wants. */
let listed: (keys: readonly ServedKey[], url: URL) => unknown;
let refusesToEnd = false;
/** What DELETE answers instead, and whether it ends the key all the same. */
let mute: 'ends it' | 'does nothing' | undefined;
const shown = ({ id, name, createdAt }: ServedKey) => ({ id, name, at: createdAt.toISOString() });
const deskDialect: Dialect = ({ method, url, header, body, basic }, keys) => {
  if (url.pathname === '/self') {
    const key = keys.shown(header('x-key'));
    return key ? [200, { id: key.id }] : [401];
  }
  if (header('x-admin') !== ADMIN && basic !== `boss:${ADMIN}`) return [403];
  if (method === 'GET') return [200, listed(keys.live(), url)];
  if (method === 'DELETE' && refusesToEnd) return [400];
  if (method === 'DELETE' && mute === 'does nothing') return [200];
  if (method === 'DELETE' && mute) return [keys.end(url.pathname.split('/').at(-1)) ? 200 : 404];
  if (method === 'DELETE') return keys.end(url.pathname.split('/').at(-1)) ? [204] : [404];
  const { id, key } = keys.issue(String(body.name));
  return [201, { id, key }];
};

let provider: ProviderServer;
beforeAll(async () => {
  provider = await ProviderServer.start(deskDialect);
});
beforeEach(() => {
  provider.reset();
  refusesToEnd = false;
  mute = undefined;
  listed = (keys) => ({ keys: keys.map(shown) });
});
afterAll(() => provider.stop());

const spec = (parts: Partial<ApiKeySpec> = {}): ApiKeySpec => ({
  name: 'desk',
  key: 'key',
  id: 'keyId',
  admin: 'adminSecretArn',
  create: {
    method: 'POST',
    url: '{url}/keys',
    headers: { 'x-admin': '{admin.key}' },
    json: { name: '{key.name}', team: '{team}' },
    key: '/key',
    id: '/id',
  },
  check: { url: '{url}/self', headers: { 'x-key': '{key}' }, id: '/id' },
  list: {
    url: '{url}/keys',
    headers: { 'x-admin': '{admin.key}' },
    items: '/keys',
    id: '/id',
    name: '/name',
    createdAt: '/at',
  },
  revoke: { method: 'DELETE', url: '{url}/keys/{key.id}', headers: { 'x-admin': '{admin.key}' } },
  ...parts,
});

async function rigged(parts: Partial<ApiKeySpec> = {}, more: object = {}, admin: object = {}) {
  const { id, key } = provider.keys.issue('made by hand');
  const { url } = provider;
  const secret = { key, keyId: id, url, team: 'a', adminSecretArn: 'admin', ...more };
  return rig(apiKey(spec(parts)), { secret, others: { admin: { key: ADMIN, url, ...admin } } });
}

/** The error of a rotation that fails, once it is sure that it tells no secret. */
async function failureOf(rig: Awaited<ReturnType<typeof rigged>>): Promise<unknown> {
  const { outcome, steps } = await rig.rotate();
  expect(outcome).toBe('failed');
  const error = steps.at(-1)?.error;
  for (const secret of [ADMIN, ...provider.keys.all.map(({ key }) => key)]) {
    expect(leaks(allOf([error, rig.log]), secret)).toBeUndefined();
  }
  return error;
}

describe('what is sent', () => {
  test('is escaped for where it stands', async () => {
    const team = 'a/../b?c=d&e#f "g" é';
    const rig = await rigged(
      {
        create: {
          ...spec().create,
          url: '{url}/keys/{team}?team={team}',
          basic: ['boss', '{admin.key}'],
          headers: {},
        },
        revoke: {
          ...spec().revoke,
          form: { team: '{team}' },
        },
      },
      { team },
    );
    await rig.rotate();
    await rig.rotate();
    const [created] = provider.calls.filter(({ method }) => method === 'POST');
    expect(created?.url.pathname).toBe(`/keys/${encodeURIComponent(team)}`);
    expect(created?.url.searchParams.get('team')).toBe(team);
    expect(created?.body).toEqual({ name: expect.stringMatching(/^secret-/), team });
    const [ended] = provider.calls.filter(({ method }) => method === 'DELETE');
    expect(ended?.body).toEqual({ team });
  });

  const toTeam = { create: { ...spec().create, url: '{url}/keys/{team}' } };

  test.each(['..', '.'])('is never the path above: %j', async (team) => {
    const rig = await rigged(toTeam, { team });
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('must not be a dot') });
    expect(provider.calls.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('is a name like any other with its dots encoded', async () => {
    const rig = await rigged(toTeam, { team: '%2e%2E' });
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    const [created] = provider.calls.filter(({ method }) => method === 'POST');
    expect(created?.url.pathname).toBe('/keys/%252e%252E');
  });

  test.each(['a\r\nx-admin: me', 'a\nb', 'snow ☃'])('is never another header: %j', async (team) => {
    const headers = { 'x-admin': '{admin.key}', 'x-team': '{team}' };
    const rig = await rigged({ create: { ...spec().create, headers } }, { team });
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining('"team" contains a line break'),
    });
    expect(provider.calls.filter(({ method }) => method === 'POST')).toEqual([]);
  });

  test('of basic authentication has no user with a colon', async () => {
    const rig = await rigged(
      { create: { ...spec().create, basic: ['{team}', '{admin.key}'] } },
      { team: 'a:b' },
    );
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('colon') });
  });

  test('has nothing of the secret but what the spec names', async () => {
    const rig = await rigged({}, { other: 'kept-4wTz8Lp1' });
    await rig.rotate();
    expect(leaks(allOf(provider.calls), 'kept-4wTz8Lp1')).toBeUndefined();
    expect(await rig.secretString('AWSCURRENT')).toContain('"other":"kept-4wTz8Lp1"');
  });
});

describe('the administrator', () => {
  test('is not believed for another server than its own', async () => {
    const impostor = await ProviderServer.start(deskDialect);
    impostor.keys.issue('x', {}, 'known-key');
    const more = { url: impostor.url, key: 'known-key', keyId: '1001' };
    const rig = await rigged({}, more);
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    expect(leaks(allOf(impostor.calls.map(({ header }) => header('x-admin'))), ADMIN)).toBeUndefined();
    expect(impostor.live()).toEqual(['1001']);
    await impostor.stop();
  });

  test('may stand in the URL of the list', async () => {
    const rig = await rigged({ list: { ...spec().list, url: '{url}/keys?as={admin.key}' } });
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    const lists = provider.calls.filter(({ method, url }) => method === 'GET' && url.pathname === '/keys');
    expect(lists.map(({ url }) => url.searchParams.get('as'))).toEqual([ADMIN]);
  });

  test('makes no key for a secret whose own is dead, and none for the id of another', async () => {
    const dead = await rigged({}, { key: 'not-a-key' });
    expect(await failureOf(dead)).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
    provider.reset();
    const stolen = await rigged({}, { keyId: '999' });
    expect(await failureOf(stolen)).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    expect(provider.live()).toEqual(['1001']);
  });

  test('that has a field too few is named, with what is missing', async () => {
    const rig = await rigged({}, {}, { key: 7.5 });
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringMatching(/secret admin .*"key" must be/),
    });
  });

  test('that may not do it is an error of rights, and nothing is thought revoked', async () => {
    const rig = await rigged({ revoke: { ...spec().revoke, headers: {} } });
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_RIGHTS_MISSING' });
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });
});

test('no key is ended to make room for a secret whose own does not work', async () => {
  const other = provider.keys.issue('of somebody else');
  const rig = await rigged({ maxKeys: 2, ownsEveryKey: true }, { key: 'not-a-key', keyId: other.id });
  expect(await failureOf(rig)).toMatchObject({ code: 'ERR_CREDENTIAL_REJECTED' });
  expect(provider.live()).toEqual(['1001', '1002']);
  expect(provider.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
});

test('no key is made if what the one in use may do is not told: the next might be able to do more', async () => {
  const { create } = spec();
  const current = { url: '{url}/self', headers: { 'x-key': '{key}' } };
  const rig = await rigged({
    create: { ...create, current, json: { name: '{key.name}', scopes: '{current:/scopes}' } },
  });
  expect(await failureOf(rig)).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
    message: expect.stringContaining('with nothing at /scopes'),
  });
  expect(provider.live()).toEqual(['1001']);
});

test('a key that is said not to be there, and that the list has, is not taken for ended', async () => {
  const { revoke } = spec();
  const rig = await rigged({ revoke: { ...revoke, url: '{url}/keys/{key.id}/nowhere' } });
  await rig.rotate();
  expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
  expect(provider.live()).toEqual(['1001', '1002', '1003']);
});

describe('an answer of nothing but 200 to the request that ends a key', () => {
  test('is believed if the list has the key no more', async () => {
    mute = 'ends it';
    const rig = await rigged();
    await rig.rotate();
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1002', '1003']);
  });

  test('is an error if the list still has it', async () => {
    mute = 'does nothing';
    const rig = await rigged();
    await rig.rotate();
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });
});

describe('an answer', () => {
  test.each<[string, unknown]>([
    ['without a key', { id: '7' }],
    ['with an empty key', { id: '7', key: '' }],
    ['with a key of two lines', { id: '7', key: 'a\r\nb' }],
    ['without an id', { key: 'fresh-3vXn9Qw1' }],
    ['with an id that is no longer the one sent', { id: 2 ** 60, key: 'fresh-3vXn9Qw1' }],
  ])('to create %s is an error', async (_, json) => {
    const rig = await rigged();
    await rig.begin();
    provider.impostor = (asked, response) =>
      response.end(JSON.stringify(asked.method === 'POST' ? json : { id: '1001' }));
    const error = await rig.deliver('createSecret').catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringMatching(/at \/(key|id)$/),
    });
    expect(leaks(allOf([error, rig.log]), 'fresh-3vXn9Qw1')).toBeUndefined();
  });

  test.each<[string, unknown, RegExp]>([
    ['that is no list', { keys: {} }, /no array at \/keys/],
    ['with a key without an id', { keys: [{ name: 'x' }] }, /no id at \/id/],
    ['with a time that is none', { keys: [{ id: 1, at: 'yesterday' }] }, /no time at \/at/],
    ['with a time that is no date', { keys: [{ id: 1, at: '2026-13-45T00:00:00Z' }] }, /no time at \/at/],
  ])('to list %s is an error', async (_, json, problem) => {
    const rig = await rigged();
    listed = () => json;
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringMatching(problem) });
    expect(provider.live()).toEqual(['1001', '1002']);
  });

  test.each<[string, (date: Date) => unknown]>([
    ['seconds', (date) => date.getTime() / 1000],
    ['milliseconds', (date) => date.getTime()],
    ['ISO 8601', (date) => date.toISOString()],
  ])('may have times in %s', async (_, form) => {
    const rig = await rigged();
    listed = (keys) => ({ keys: keys.map((key) => ({ ...shown(key), at: form(key.createdAt) })) });
    await leaveBehind(rig);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });

  test('in seconds is not taken for one of long ago, when there is no room', async () => {
    const rig = await rigged({ maxKeys: 2 });
    listed = (keys) => ({ keys: keys.map((key) => ({ ...shown(key), at: key.createdAt.getTime() / 1000 })) });
    await leaveBehind(rig);
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FULL' });
    expect(provider.live()).toEqual(['1001', '1002']);
  });

  test('without times hides what was left of a rotation that was given up, and says nothing false', async () => {
    const { createdAt: _, ...list } = spec().list;
    const rig = await rigged({ list });
    await leaveBehind(rig);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });

  /** A key of a rotation that ended without it. */
  async function leaveBehind(rig: Awaited<ReturnType<typeof rigged>>): Promise<void> {
    const RemoveFromVersionId = await rig.begin();
    provider.loseAnswer('POST');
    await rig.deliver('createSecret').catch(() => {});
    const label = { SecretId: rig.secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId };
    await rig.secrets.updateSecretVersionStage(label).catch(() => {});
    expect(provider.live()).toEqual(['1001', '1002']);
  }
});

describe('a check', () => {
  /** What testSecret says of AWSCURRENT's copy when the check is answered so. */
  async function verdictOn(check: Partial<ApiKeySpec['check']>, status: number, json: unknown) {
    const rig = await rigged({ check: { ...spec().check, ...check } });
    await rig.begin({ RotateImmediately: false });
    provider.impostor = (_, response) => response.writeHead(status).end(JSON.stringify(json));
    const error = await rig.deliver('testSecret').catch((reason: unknown) => reason);
    return error === undefined ? 'accepted' : Reflect.get(Object(error), 'code');
  }
  const ACTIVE = { expect: { '/active': true } } as const;

  test.each<[string, Partial<ApiKeySpec['check']>, number, unknown, string]>([
    ['with what is expected', ACTIVE, 200, { id: '1001', active: true }, 'accepted'],
    ['with another value', ACTIVE, 200, { id: '1001', active: false }, 'ERR_CREDENTIAL_REJECTED'],
    ['with none', ACTIVE, 200, { id: '1001' }, 'ERR_SERVICE_FAILED'],
    ['with the id of another key', {}, 200, { id: '1002' }, 'ERR_SECRET_MALFORMED'],
    ['with a status of a dead key', {}, 401, {}, 'ERR_CREDENTIAL_REJECTED'],
    ['with a declared one of a dead key', { dead: [404] }, 404, {}, 'ERR_CREDENTIAL_REJECTED'],
    ['with a declared one of a live key', { live: [403] }, 403, { id: '1001' }, 'accepted'],
    ['with a declared one, from a gateway', { live: [403] }, 403, { error: 'no' }, 'ERR_SERVICE_FAILED'],
    ['with a success that is not declared', { live: [201] }, 200, { id: '1001' }, 'ERR_SERVICE_FAILED'],
    ['with a status that nobody named', {}, 403, { id: '1001' }, 'ERR_RIGHTS_MISSING'],
    ['with a server in trouble', {}, 500, { id: '1001' }, 'ERR_SERVICE_FAILED'],
  ])('that is answered %s', async (_, check, status, json, verdict) => {
    expect(await verdictOn(check, status, json)).toBe(verdict);
  });
});

test('dead keys in a list are not ended again', async () => {
  const rig = await rigged({ list: { ...spec().list, where: { '/dead': false } } });
  listed = () => ({ keys: provider.keys.all.map((key) => ({ ...shown(key), dead: !key.isLive })) });
  provider.loseAnswer('POST');
  await rig.rotate();
  await rig.reattempt();
  await rig.rotate();
  const ended = provider.calls.filter(({ method }) => method === 'DELETE').map(({ url }) => url.pathname);
  expect(ended).toEqual(['/keys/1002', '/keys/1001']);
});

describe('pages', () => {
  const paged = (pages: NonNullable<ApiKeySpec['list']['pages']>) => ({ list: { ...spec().list, pages } });
  const after = { parameter: 'after', next: '/next' } as const;

  /** One key a page, and how a page names the next. */
  const byCursor = (next: (at: number) => unknown) => (keys: readonly ServedKey[], url: URL) => {
    const at = Number(url.searchParams.get('after') ?? 0);
    return { keys: keys.slice(at, at + 1).map(shown), next: at + 1 < keys.length ? next(at + 1) : null };
  };

  test.each<[string, (at: number) => unknown]>([
    ['a cursor', (at) => String(at)],
    ['a URL', (at) => `${provider.url}/keys?after=${at}`],
  ])('are all read by %s', async (_, next) => {
    const rig = await rigged(paged(after));
    listed = byCursor(next);
    for (let other = 0; other < 3; other++) provider.keys.issue('other');
    provider.loseAnswer('POST');
    await rig.rotate();
    expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toHaveLength(5);
  });

  test.each<[string, (at: number) => unknown, RegExp]>([
    ['to another origin', () => 'https://example.com/keys', /another origin/],
    ['nowhere', () => 'https://', /another origin/],
    ['by a number', () => 7, /no next page/],
    ['to the first again', () => '0', /sent before/],
  ])('that lead %s are an error', async (_, next, problem) => {
    const rig = await rigged(paged(after));
    listed = byCursor(next);
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringMatching(problem) });
  });

  test('of a provider that does not know the parameter are an error, not an endless list', async () => {
    const rig = await rigged(paged({ parameter: 'page', first: 1 }));
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringMatching(/sent before/) });
    expect(provider.calls.filter(({ url }) => url.searchParams.has('page'))).toHaveLength(2);
  });
});

test.each<[string, { readonly parameter: string } & ({ readonly first: 1 } | { readonly next: '/next' })]>([
  ['numbers', { parameter: 'page', first: 1 }],
  ['cursors', { parameter: 'after', next: '/next' }],
])('a list whose pages, by %s, have a mebibyte each is given up soon', async (_, pages) => {
  const rig = await rigged({ list: { ...spec().list, pages } });
  let sent = 0;
  listed = () => {
    const id = `${++sent}-`.padEnd(1_040_000, 'x');
    return { keys: [{ id, name: 'n', at: '2026-01-01T00:00:00Z' }], next: `after-${sent}` };
  };
  expect(await failureOf(rig)).toMatchObject({
    code: 'ERR_SERVICE_FAILED',
    message: expect.stringMatching(/too long: over 1000 pages, or 8388608 bytes in all/),
  });
  expect(sent).toBeLessThan(10);
});

describe('a provider that has no room', () => {
  /** It has room for two. */
  function withRoomForTwo(answer: object, status = 400): void {
    provider.before = ({ method }) =>
      method === 'POST' && provider.live().length >= 2 ? [status, answer] : undefined;
  }

  test.each([
    [400, { error: 'Maximum number of keys reached' }],
    [403, { errors: ['API key limit exceeded'] }],
    [409, { code: 'quota_exceeded' }],
    [422, { message: 'too many keys' }],
  ])('and says so with %i %j is full, and nothing is ended', async (status, answer) => {
    const rig = await rigged();
    withRoomForTwo(answer, status);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FULL' });
    expect(provider.live()).toEqual(['1001', '1002']);
  });

  test.each([
    [403, { message: 'rate limit exceeded' }],
    [400, { message: 'no such team' }],
  ])('is not what %i %j says', async (status, answer) => {
    const rig = await rigged();
    withRoomForTwo(answer, status);
    await rig.rotate();
    expect(await failureOf(rig)).not.toMatchObject({ code: 'ERR_SERVICE_FULL' });
  });

  test('as its spec declares is one where AWSPREVIOUS makes room', async () => {
    const rig = await rigged({ create: { ...spec().create, full: { '/code': 'full' } } });
    withRoomForTwo({ code: 'full' });
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toHaveLength(2);
    }
    withRoomForTwo({ code: 'other' });
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
  });
});

describe('a list on one page', () => {
  const rotatedOf = async (others: number, cut: number, parts: Partial<ApiKeySpec> = {}) => {
    const rig = await rigged(parts);
    for (let other = 0; other < others; other++) provider.keys.issue(`other ${other}`);
    listed = (keys) => ({ keys: keys.toReversed().slice(0, cut).map(shown) });
    return { ...rig, report: await rig.rotate() };
  };

  test.each([20, 50, 100])('that has %i items, as a page may have, is a warning', async (length) => {
    const { report, warnings } = await rotatedOf(length - 2, 1000);
    expect(report).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([expect.stringContaining(`has ${length} items`)]);
  });

  test.each<[string, number, Partial<ApiKeySpec>]>([
    ['of another length', 17, {}],
    ['that is said to be the only one', 18, { list: { ...spec().list, pages: 'one' } }],
  ])('%s is none', async (_, others, parts) => {
    const { report, warnings } = await rotatedOf(others, 1000, parts);
    expect(report).toMatchObject({ outcome: 'succeeded' });
    expect(warnings()).toEqual([]);
  });

  test('that ends before AWSCURRENT’s key is an error', async () => {
    const { report } = await rotatedOf(25, 20);
    expect(report.steps.at(-1)?.error).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('does not show 1001'),
    });
  });
});

test('a key is not thought ended because a list does not show it that shows nothing else', async () => {
  const rig = await rigged();
  await rig.rotate();
  refusesToEnd = true;
  let lists = 0;
  listed = (keys) => ({ keys: lists++ === 0 ? keys.map(shown) : [] });
  expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('answered 400') });
  expect(provider.live()).toEqual(['1001', '1002', '1003']);
});

test.each([409, 422])('%i to the end of a key is no end, unless the spec says so', async (status) => {
  const rig = await rigged();
  await rig.rotate();
  provider.before = ({ method }) =>
    method === 'DELETE' ? [status, { error: 'locked by policy' }] : undefined;
  listed = (keys) => ({ keys: keys.filter(({ id }) => id !== '1001').map(shown) });
  expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining(`answered ${status}`) });
  expect(provider.live()).toEqual(['1001', '1002', '1003']);
  provider.reset();
  listed = (keys) => ({ keys: keys.map(shown) });
  const gone = await rigged({ revoke: { ...spec().revoke, gone: [404, status] } });
  await gone.rotate();
  provider.keys.end('1001');
  provider.before = ({ method }) => (method === 'DELETE' ? [status, {}] : undefined);
  expect(await gone.rotate()).toMatchObject({ outcome: 'succeeded' });
});

test.each([
  [undefined, 'failed'],
  ['at-expiry', 'succeeded'],
] as const)('a key that is not listed any more and still works: ends %s, %s', async (ends, outcome) => {
  const rig = await rigged(ends && { ends });
  await rig.rotate();
  provider.before = ({ method }) => (method === 'DELETE' ? [204] : undefined);
  expect(await rig.rotate()).toMatchObject({ outcome });
});

test('a provider that ends keys late may list them, and find them gone', async () => {
  const late = { ends: 'late', revoke: { ...spec().revoke, gone: [404, 409] } } as const;
  for (const [parts, outcome] of [
    [{ revoke: late.revoke }, 'failed'],
    [late, 'succeeded'],
  ] as const) {
    provider.reset();
    const rig = await rigged(parts);
    await rig.rotate();
    listed = () => ({ keys: provider.keys.all.map(shown) });
    provider.keys.echoes = Number.POSITIVE_INFINITY;
    provider.before = ({ method }) =>
      method === 'DELETE' ? [409, { error: 'it is being deleted' }] : undefined;
    expect(await rig.rotate()).toMatchObject({ outcome });
  }
});

test('an answer that does not say whether an ended key is dead fails the step, and says what to declare', async () => {
  const answers = (url: URL, key: string | undefined) =>
    url.pathname === '/self' && provider.keys.all.some((one) => one.key === key && !one.isLive);
  const rig = await rigged();
  await rig.rotate();
  provider.before = ({ url, header }) =>
    answers(url, header('x-key')) ? [403, { error: 'revoked' }] : undefined;
  expect(await failureOf(rig)).toMatchObject({
    message: expect.stringContaining('answered 403'),
    hint: expect.stringMatching(/(?=.*1001)(?=.*check\.dead)/),
  });
  const check = { ...spec().check, dead: [401, 403] };
  provider.reset();
  const declared = await rigged({ check });
  await declared.rotate();
  provider.before = ({ url, header }) =>
    answers(url, header('x-key')) ? [403, { error: 'revoked' }] : undefined;
  expect(await declared.rotate()).toMatchObject({ outcome: 'succeeded' });
});

describe('what the next key takes from the one in use', () => {
  const request = { url: '{url}/current', headers: { 'x-admin': '{admin.key}' } };

  async function madeFrom(inUse: unknown, json: JsonValue, more: object = {}) {
    const create = { ...spec().create, json: { name: '{key.name}', json }, current: { ...request, ...more } };
    const rig = await rigged({ create });
    provider.before = ({ url }) => (url.pathname === '/current' ? [200, inUse] : undefined);
    const { steps } = await rig.rotate();
    return {
      error: steps.at(-1)?.error,
      sent: provider.calls.find(({ method }) => method === 'POST')?.body.json,
    };
  }

  test.each<[unknown, unknown]>([
    [
      { scopes: ['a'], ips: ['10.0.0.1'] },
      { scopes: ['a'], ips: ['10.0.0.1'], list: ['10.0.0.1'] },
    ],
    [
      { scopes: ['a'], ips: null },
      { scopes: ['a'], list: [] },
    ],
    [{ scopes: ['a'] }, { scopes: ['a'], list: [] }],
  ])('is copied if it is there: %j', async (inUse, made) => {
    const json = { scopes: '{current:/scopes}', ips: '{current?:/ips}', list: ['{current?:/ips/0}'] };
    const { sent } = await madeFrom(inUse, json);
    expect(sent).toEqual(made);
  });

  test('must be there where it is not declared to be absent at times', async () => {
    const { error, sent } = await madeFrom({}, { scopes: '{current:/scopes}' });
    expect(error).toMatchObject({ message: expect.stringContaining('nothing at /scopes') });
    expect(sent).toBeUndefined();
  });

  const times = { from: '/made', until: '/ends' };
  test.each<[object, unknown]>([
    [
      { made: '2026-01-01T00:00:00Z', ends: '2026-01-02T00:00:00Z' },
      { ttl: 86_400, text: '86400s' },
    ],
    [
      { made: 1_767_225_600, ends: 1_767_225_660 },
      { ttl: 60, text: '60s' },
    ],
    [{ made: '2026-01-01T00:00:00Z', ends: null }, {}],
    [{ made: '2026-01-01T00:00:00Z' }, {}],
  ])('is how long it was made to live, if it has an end: %j', async (inUse, made) => {
    const { sent } = await madeFrom(inUse, { ttl: '{current.lifetime}', text: '{current.lifetime}s' }, times);
    expect(sent).toEqual(made);
  });

  test('is when it ends, for as long a life', async () => {
    const inUse = { made: '2026-01-01T00:00:00Z', ends: '2026-01-02T00:00:00Z' };
    const { sent } = await madeFrom(inUse, { end: '{current.expiry}' }, times);
    const [{ end } = { end: '' }] = [sent as { end: string }];
    expect(end).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const seconds = (Date.parse(end) - Date.now()) / 1000;
    expect(seconds).toBeLessThanOrEqual(86_400);
    expect(seconds).toBeGreaterThan(86_340);
    provider.reset();
    const { sent: lasting } = await madeFrom({ ...inUse, ends: null }, { end: '{current.expiry}' }, times);
    expect(lasting).toEqual({});
  });

  test('is not more: an end that cannot be read is an error', async () => {
    const inUse = { made: '2026-01-01T00:00:00Z', ends: 'soon' };
    const { error, sent } = await madeFrom(inUse, { ttl: '{current.lifetime}' }, times);
    expect(error).toMatchObject({ message: expect.stringContaining('at /ends') });
    expect(sent).toBeUndefined();
  });

  test.each([
    [
      [
        { id: '1000', ip: 'a' },
        { id: '1001', ip: 'b' },
      ],
      'b',
    ],
    [[{ id: '1000', ip: 'a' }], undefined],
  ])('is looked for in a list by its id: %j', async (inUse, ip) => {
    const { error, sent } = await madeFrom(inUse, { ip: '{current?:/ip}' }, { items: '', id: '/id' });
    expect(sent).toEqual(ip && { ip });
    if (!ip) expect(error).toMatchObject({ message: expect.stringContaining('without the key in use') });
  });
});

describe('waiting', () => {
  test('for a new key that is not known everywhere yet', async () => {
    const rig = await rigged({ propagationMs: 5000 });
    provider.keys.refusals = 2;
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
  });

  test('is as long as Retry-After asks for', async () => {
    const rig = await rigged();
    provider.throttle('POST');
    const startedAt = performance.now();
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(performance.now() - startedAt).toBeGreaterThan(990);
  });

  test('ends before the step does, and says what was asked for', async () => {
    const rig = await rigged();
    provider.impostor = (_, response) => response.writeHead(429, { 'retry-after': '3600' }).end();
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('answered 429'),
      hint: expect.stringContaining('3600 s'),
    });
  });

  test('is not done for a key that may have been made', async () => {
    const rig = await rigged();
    let posts = 0;
    provider.impostor = (asked, response) => {
      if (asked.method !== 'POST') return response.end('{"id":"1001"}');
      posts++;
      return response.writeHead(503, { 'retry-after': '0' }).end();
    };
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('answered 503') });
    expect(posts).toBe(1);
  });
});

test('a key that the provider says it cannot end is looked for in the list', async () => {
  const rig = await rigged();
  await rig.rotate();
  refusesToEnd = true;
  expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('answered 400') });
  expect(provider.live()).toEqual(['1001', '1002', '1003']);
  provider.keys.end('1001');
  expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
  expect(provider.live()).toEqual(['1002', '1003']);
});

describe('a stored value that no header can hold is malformed, by the name of its field, and no request is made:', () => {
  const key = 'k7Qw-2mXzP4';

  test.each([
    ['a line break', `${key}\n`],
    ['a line break of Windows', `${key}\r\n`],
    ['a byte order mark', `\ufeff${key}`],
    ['a blank that does not break', `${key}\u00a0`],
    ['a blank without width', `${key}\u200b`],
  ])('the key, with %s', async (_, value) => {
    const rig = await rigged({}, { key: value, team: 'orders' });
    provider.calls.length = 0;
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringContaining(
        '"key" contains a line break or another character that no HTTP header can hold',
      ),
    });
    expect(provider.calls).toEqual([]);
  });

  test('the administrator’s', async () => {
    const rig = await rigged({}, { team: 'orders' }, { key: `${ADMIN}\n` });
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SECRET_MALFORMED',
      message: expect.stringMatching(/^the administrator’s secret admin .*"key" contains a line break/),
    });
    expect(provider.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});

test.each([400, 404, 409, 422])(
  'a provider that answers %i to create, after its own check, is not told as a sign-in page',
  async (status) => {
    const rig = await rigged();
    provider.before = ({ method }) => (method === 'POST' ? [status, { message: 'no' }] : undefined);
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining(`answered ${status}`),
      hint: expect.stringMatching(/^the provider refuses to make this key\. .*limit.*lifetime.*name/),
    });
    expect(provider.live()).toEqual(['1001']);
  },
);
