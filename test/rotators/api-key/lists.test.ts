import { type ApiKeySpec, apiKey } from '../../../rotators/api-key/index.js';
import { type Rig, rig, rotatorContract } from '../../../src/testing/index.js';
import { deskDialect, SPEC } from '../../support/desk-provider.js';
import { type Dialect, ProviderServer, type ServedKey } from '../../support/provider-server.js';

// How a list comes in pages, and what it says of times.

const desk: ApiKeySpec = JSON.parse(SPEC);

type Item = Readonly<Record<string, unknown>>;
let itemOf: (key: ServedKey) => Item;
/** The Link header of a page, given the path of the next one, if there is one. */
let linkTo: (next: string | undefined) => string | undefined;
/** The largest page: what the query asks for beyond that is not heard. */
let pageSize: number;

/** The desk, whose list takes `offset` and `limit`, and names the next page in a header. */
const dialect: Dialect = (call, keys) => {
  const { method, url } = call;
  const answer = deskDialect(call, keys);
  if (method !== 'GET' || url.pathname !== '/keys' || answer[0] !== 200) return answer;
  const offset = Number(url.searchParams.get('offset') ?? 0);
  const size = Math.min(Number(url.searchParams.get('limit') ?? pageSize), pageSize);
  const live = keys.live();
  const isLast = offset + size >= live.length;
  const link = linkTo(isLast ? undefined : `/keys?offset=${offset + size}`);
  const items = live.slice(offset, offset + size).map((key) => itemOf(key));
  return [200, { keys: items }, link === undefined ? {} : { link }];
};

let provider: ProviderServer;
beforeAll(async () => {
  provider = await ProviderServer.start(dialect);
});
beforeEach(() => {
  provider.reset();
  itemOf = ({ id, name, createdAt }) => ({ id, name, created: createdAt });
  linkTo = (next) => (next === undefined ? undefined : `<${next}>; rel="next"`);
  pageSize = 2;
});
afterAll(() => provider.stop());

const first = () => {
  const { id, key } = provider.keys.issue('made by hand');
  return { url: provider.url, key, keyId: id };
};

const specWith = (list: Partial<ApiKeySpec['list']>, more: Partial<ApiKeySpec> = {}): ApiKeySpec => ({
  ...desk,
  ...more,
  list: { ...desk.list, ...list },
});

type ListRig = Rig<Readonly<Record<string, string>>>;

const rigged = (list: Partial<ApiKeySpec['list']>, more: Partial<ApiKeySpec> = {}): Promise<ListRig> =>
  rig(apiKey(specWith(list, more)), { secret: first() });

const lists = () =>
  provider.calls
    .filter(({ method, url }) => method === 'GET' && url.pathname === '/keys')
    .map(({ url }) => url.search);

/** The error of a rotation that fails without having ended a key. */
async function failureOf({ rotate }: ListRig): Promise<unknown> {
  const { outcome, steps } = await rotate();
  expect(outcome).toBe('failed');
  expect(provider.calls.filter(({ method }) => method === 'DELETE')).toEqual([]);
  return steps.at(-1)?.error;
}

const byOffset = { parameter: 'offset', first: 0, by: 'items' } as const;

/** The time of a key without its zone, as a database writes it. */
const zoneless = ({ createdAt }: ServedKey) => createdAt.toISOString().slice(0, 19).replace('T', ' ');

describe('the contract, with a Link header, times without a zone and long answers', () => {
  const whole = specWith(
    { pages: 'link', maxBytes: 4_194_304, expiresAt: '/ends' },
    { timeZone: 'UTC', $schema: './api-key.json' },
  );

  test.each(
    rotatorContract({
      rotator: () => apiKey(whole),
      reset() {
        provider.reset();
        itemOf = (key) => ({ id: key.id, name: key.name, created: zoneless(key), ends: null });
        return first();
      },
      accepts: (secret) => provider.keys.live().some(({ key }) => key === secret.key),
      line: () => provider.line,
      credentials: () => provider.live().length,
      overlaps: true,
    }),
  )('$name', ({ run }) => run());
});

describe.each<[string, Partial<ApiKeySpec['list']>]>([
  ['by offset', { pages: byOffset }],
  ['by offset, of the size that is asked for', { url: '{url}/keys?limit=1', pages: byOffset }],
  ['by the Link header', { pages: 'link' }],
])('pages %s', (_, list) => {
  test('are all read, and a key that an attempt has left behind on the last is ended', async () => {
    const rig = await rigged(list);
    for (let other = 0; other < 4; other++) provider.keys.issue('other');
    provider.loseAnswer('POST');
    await rig.rotate();
    expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1002', '1003', '1004', '1005', '1007']);
    expect(rig.warnings()).toEqual([]);
  });
});

describe('pages by offset', () => {
  test('begin at the number that the first item has, and go on by as many items as came', async () => {
    const { rotate } = await rigged({ url: '{url}/keys?limit=7', pages: byOffset });
    for (let other = 0; other < 2; other++) provider.keys.issue('other');
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(lists()).toEqual(['?limit=7&offset=0', '?limit=7&offset=2', '?limit=7&offset=4']);
  });

  test('count from 1 where the provider does', async () => {
    const pages = { parameter: 'startIndex', first: 1, by: 'items' } as const;
    const { rotate } = await rigged({ pages });
    provider.before = ({ method, url }) => {
      if (method !== 'GET' || url.pathname !== '/keys') return undefined;
      const at = Number(url.searchParams.get('startIndex')) - 1;
      return [
        200,
        {
          keys: provider.keys
            .live()
            .slice(at, at + 1)
            .map(itemOf),
        },
      ];
    };
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(lists()).toEqual(['?startIndex=1', '?startIndex=2', '?startIndex=3']);
  });

  test('of a provider that does not know the parameter are an error, not an endless list', async () => {
    const rig = await rigged({ pages: { ...byOffset, parameter: 'skip' } });
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('a page of the list that it had sent before'),
    });
    expect(lists()).toEqual(['?skip=0', '?skip=2']);
  });
});

describe('a Link header', () => {
  test.each<[string, (next: string) => string]>([
    ['a URL', (next) => `<${provider.url}${next}>; rel="next"`],
    ['a path', (next) => `<${next}>; rel="next"`],
    ['no quotes', (next) => `<${next}>;rel=next`],
    ['other quotes', (next) => `<${next}>; rel='next'`],
    ['an empty parameter', (next) => `<${next}>; title= ; rel="next"`],
    ['capitals', (next) => `<${next}>; REL="Next"`],
    ['several relations', (next) => `<${next}>; rel="last next"`],
    ['other parameters', (next) => `<${next}>; title="a, <b>; rel=\\"prev\\""; rel="next"; results`],
    [
      'other links around',
      (next) => `</keys?offset=0>; rel="first", <${next}>; rel="next", </keys>; rel=self`,
    ],
    ['empty elements', (next) => `, <${next}>; rel="next"; ,`],
    ['a comma in the URL', (next) => `<${next}&fields=id,name>; rel="next"`],
    ['the same page twice', (next) => `<${next}>; rel="next", <${next}>; rel="next"`],
  ])('names the next page with %s', async (_, written) => {
    const { rotate } = await rigged({ pages: 'link' });
    provider.keys.issue('other');
    linkTo = (next) => next && written(next);
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(lists()).toHaveLength(2);
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });

  test.each<[string, string | undefined]>([
    ['that is not there', undefined],
    ['that is empty', ''],
    ['of other pages', '</keys?offset=0>; rel="first", </keys?offset=0>; rel="previous"'],
    ['of what another page has next', '</keys?offset=1>; rel="next"; anchor="/others"'],
    ['whose first relation counts', '</keys?offset=1>; rel="prev"; rel="next"'],
    ['with the word elsewhere', '</keys?offset=1>; rel="prev"; title="rel=next"'],
  ])('%s ends the list', async (_, link) => {
    const { rotate } = await rigged({ pages: 'link' });
    linkTo = () => link;
    expect(await rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(lists()).toEqual(['']);
  });

  test.each<[string, string, RegExp]>([
    ['points to another origin', '<https://example.com/keys>; rel="next"', /a next page at another origin/],
    ['points to another port', '<//127.0.0.1:1/keys>; rel="next"', /a next page at another origin/],
    ['points to another scheme', '<file:///keys>; rel="next"', /a next page at another origin/],
    ['points to no URL', '<https://>; rel="next"', /a next page at another origin/],
    ['has a user', '<//u:p@HOST/keys?offset=1>; rel="next"', /a next page at another origin/],
    ['points into memory', '<blob:http://HOST/keys>; rel="next"', /a next page at another origin/],
    ['points back', '</keys>; rel="next"', /a next page that was read before/],
    ['points to the same keys', '</keys?offset=0>; rel="next"', /a page of the list that it had sent before/],
    ['names two pages', '</keys?offset=1>; rel="next", </keys?offset=2>; rel="next"', /several next pages/],
    ['is not one', 'keys; rel="next"', /an unreadable Link header/],
    ['breaks off', '</keys?offset=1>; rel="next', /an unreadable Link header/],
  ])('that %s is an error: half of a list hides keys', async (_, link, problem) => {
    const rig = await rigged({ pages: 'link' });
    linkTo = () => link.replace('HOST', new URL(provider.url).host);
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringMatching(problem),
    });
    expect(lists().length).toBeLessThanOrEqual(2);
  });

  test('that points on for ever is given up', async () => {
    const rig = await rigged({ pages: 'link' });
    let page = 0;
    provider.before = ({ method, url }) =>
      method === 'GET' && url.pathname === '/keys'
        ? [200, { keys: [] }, { link: `</keys?page=${++page}>; rel="next"` }]
        : undefined;
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('over 1000 pages') });
    expect(lists()).toHaveLength(1001);
  });

  test.each([
    '<'.repeat(8000),
    `<a>${' '.repeat(8000)}x`,
    `<a>${';a="'.repeat(2001)}`,
    `<a>;rel="${'\\"'.repeat(3000)}x`,
    `<a>${' ;  '.repeat(500)}"`,
    // Each blank doubled the time, as long as it had two places.
    `<a>${';a= '.repeat(29)}"`,
  ])('that is made to be slow to read is refused soon', async (link) => {
    const rig = await rigged({ pages: 'link' });
    linkTo = () => link;
    const startedAt = performance.now();
    expect(await failureOf(rig)).toMatchObject({
      message: expect.stringContaining('an unreadable Link header'),
    });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

/** A key of a rotation that was given up is older than the next one: only its time says so. */
async function leaveBehind(rig: ListRig): Promise<void> {
  const RemoveFromVersionId = await rig.begin();
  provider.loseAnswer('POST');
  await rig.deliver('createSecret').catch(() => {});
  const label = { SecretId: rig.secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId };
  await rig.secrets.updateSecretVersionStage(label).catch(() => {});
  expect(provider.live()).toEqual(['1001', '1002']);
}

describe('a time', () => {
  const offset = (date: Date, zone: string) =>
    new Date(date.getTime() + 7_200_000).toISOString().slice(0, 19).replace('T', ' ') + zone;

  test.each<[string, (key: ServedKey) => unknown, Partial<ApiKeySpec>?]>([
    ['in the digits of seconds', ({ createdAt }) => String(Math.floor(createdAt.getTime() / 1000))],
    ['in the digits of seconds and parts of them', ({ createdAt }) => String(createdAt.getTime() / 1000)],
    ['in the digits of milliseconds', ({ createdAt }) => String(createdAt.getTime())],
    ['as Rails writes it', (key) => `${zoneless(key)} UTC`],
    ['as PostgreSQL writes it', ({ createdAt }) => offset(createdAt, '.25+02')],
    ['with an offset', ({ createdAt }) => offset(createdAt, ' +0200')],
    ['without a zone, in UTC', zoneless, { timeZone: 'UTC' }],
    ['without a zone, with a T', (key) => `${zoneless(key).replace(' ', 'T')}.123456`, { timeZone: 'UTC' }],
    [
      'with a zone, where others have none',
      ({ createdAt }) => offset(createdAt, '+02:00'),
      { timeZone: 'UTC' },
    ],
  ])('%s tells that a key was left behind', async (_, written, more = {}) => {
    const rig = await rigged({ pages: 'one' }, more);
    pageSize = 10;
    itemOf = (key) => ({ id: key.id, name: key.name, created: written(key) });
    await leaveBehind(rig);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });

  test('without a zone is an error that names what to declare, and no key is ended', async () => {
    const rig = await rigged({ pages: 'one' });
    pageSize = 10;
    itemOf = (key) => ({ id: key.id, name: key.name, created: zoneless(key) });
    await leaveBehind(rig);
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringMatching(
        /with a time without a zone at \/created, and the spec has no "timeZone"$/,
      ),
      hint: expect.stringContaining('add `timeZone: "UTC"` to the spec'),
    });
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });

  test.each([
    '20260102',
    '20260102030405',
    '17672256000',
    '2026-01-02',
    '2026-01-02 03:04:05 CET',
    '03:04:05Z',
    '2026-01-02T03:04:05 (Z',
    '1767225600s',
  ])('is not what %j may be', async (created) => {
    const rig = await rigged({ pages: 'one' }, { timeZone: 'UTC' });
    itemOf = (key) => ({ id: key.id, name: key.name, created });
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('no time at /created') });
  });

  const every90 = { RotationRules: { ScheduleExpression: 'rate(90 days)' } };

  test.each<[string, (days: number) => string]>([
    ['without a zone', (days) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 19)],
    ['in digits', (days) => String(Date.now() + days * 86_400_000)],
  ])('%s, when a key ends, is read', async (_, ends) => {
    for (const [days, warnings] of [
      [200, []],
      [100, [expect.stringMatching(/^the new key expires at .* before the rotation after the next begins/)]],
    ] as const) {
      provider.reset();
      const rig = await rigged({ pages: 'one', expiresAt: '/ends' }, { timeZone: 'UTC' });
      itemOf = (key) => ({ id: key.id, name: key.name, created: key.createdAt, ends: ends(days) });
      expect(await rig.rotate(every90)).toMatchObject({ outcome: 'succeeded' });
      expect(rig.warnings()).toEqual(warnings);
    }
  });

  test.each(['0', '-1', '0001-01-01 00:00:00'])('%j says that a key has no end', async (ends) => {
    const rig = await rigged({ pages: 'one', expiresAt: '/ends' });
    itemOf = (key) => ({ id: key.id, name: key.name, created: key.createdAt, ends });
    expect(await rig.rotate(every90)).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toEqual([]);
  });

  test('without a zone, when a key ends, is a warning that names what to declare: no rotation fails for it', async () => {
    const rig = await rigged({ pages: 'one', expiresAt: '/ends' });
    itemOf = (key) => ({ id: key.id, name: key.name, created: key.createdAt, ends: zoneless(key) });
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(rig.warnings()).toContainEqual(expect.stringMatching(/^list\.expiresAt .*add `timeZone: "UTC"`/));
  });
});

describe('how long the key in use was made to live', () => {
  const headers = { authorization: 'Bearer {key}' };

  async function sentFor(times: object, more: Partial<ApiKeySpec>) {
    const current = { url: '{url}/current', headers, from: '/made', until: '/ends' } as const;
    const json = { name: '{key.name}', ttl: '{current.lifetime}' };
    const rig = await rigged({ pages: 'one' }, { create: { ...desk.create, json, current }, ...more });
    provider.before = ({ url }) => (url.pathname === '/current' ? [200, times] : undefined);
    const { steps } = await rig.rotate();
    const sent = provider.calls.find(({ method }) => method === 'POST')?.body;
    return { error: steps.at(-1)?.error, ttl: sent?.ttl, isMade: sent !== undefined };
  }

  test.each([
    [{ made: '2026-01-01 00:00:00', ends: '2026-01-02 00:00:00' }],
    [{ made: '1767225600', ends: '1767312000000' }],
    [{ made: '2026-01-01 00:00:00', ends: '2026-01-02T02:00:00+02:00' }],
  ])('is read of %j', async (times) => {
    expect(await sentFor(times, { timeZone: 'UTC' })).toMatchObject({ ttl: 86_400 });
  });

  test.each([
    [{ made: '2026-01-01 00:00:00', ends: '2026-01-02T00:00:00Z' }, '/made'],
    [{ made: '2026-01-01T00:00:00Z', ends: '2026-01-02 00:00:00' }, '/ends'],
  ])('is not guessed where %j names no zone: no key is made', async (times, pointer) => {
    const { error, isMade } = await sentFor(times, {});
    expect(isMade).toBe(false);
    expect(error).toMatchObject({
      message: expect.stringContaining(`a time without a zone at ${pointer}`),
      hint: expect.stringContaining('timeZone'),
    });
  });
});

describe('a list of more than a mebibyte', () => {
  /** Of so many bytes, in pages of two keys. */
  function listOf(bytes: number): void {
    pageSize = 10;
    itemOf = ({ id, name, createdAt }) => ({ id, name, created: createdAt, note: 'x'.repeat(bytes / 2) });
  }

  test('is an error without a declaration, whose hint names the option', async () => {
    const rig = await rigged({ pages: 'one' });
    listOf(1_200_000);
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_SERVICE_FAILED',
      message: expect.stringContaining('sent more than 1048576 bytes'),
      hint: expect.stringContaining('raise maxBytes'),
    });
  });

  test.each([1_200_000, 12_000_000])('is read where the spec declares it: %i bytes', async (bytes) => {
    const rig = await rigged({ pages: 'one', maxBytes: 16_777_216 });
    listOf(bytes);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
  });

  test('has an end all the same, for all pages together', async () => {
    const rig = await rigged({ pages: byOffset, maxBytes: 9_000_000 });
    listOf(6_000_000);
    pageSize = 1;
    for (let other = 0; other < 4; other++) provider.keys.issue('other');
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringContaining('9000000 bytes in all') });
  });

  test('is no reason to read a longer answer to another request', async () => {
    const rig = await rigged({ pages: 'one', maxBytes: 16_777_216 });
    provider.before = ({ url }) =>
      url.pathname === '/self' ? [200, { id: '1001', note: 'x'.repeat(1_200_000) }] : undefined;
    expect(await failureOf(rig)).toMatchObject({
      message: expect.stringContaining('more than 1048576 bytes'),
    });
  });
});
