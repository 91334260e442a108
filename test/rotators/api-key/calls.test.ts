import { type ApiKeySpec, apiKey, type Sign } from '../../../rotators/api-key/index.js';
import { rig, rotatorContract } from '../../../src/testing/index.js';
import { allOf, leaks } from '../../support/errors.js';
import { BOSS, Portal } from '../../support/portal-provider.js';
import { type ProviderAnswer, ProviderServer } from '../../support/provider-server.js';
import { tried } from '../../support/thorough.js';

// Logins before the other requests, refusals inside a 200, keys that take two calls, and what else an answer brings.

let portal: Portal;
let provider: ProviderServer;
beforeAll(async () => {
  provider = await ProviderServer.start((call, keys) => portal.dialect(call, keys));
});
beforeEach(() => {
  portal = new Portal();
  provider.reset();
});
afterAll(() => provider.stop());

const own = { authorization: 'Bearer {login.token}' };
const byAdmin = { authorization: 'Bearer {adminLogin.token}' };
const INVALID: Sign = { '/error': 'invalid_client' };

function formOf(client: string, secret: string) {
  return { grant_type: 'client_credentials', client_id: client, client_secret: secret };
}

/** A key that makes its successor; with `headers` of the administrator, that does. */
const spec = (headers: Readonly<Record<string, string>> = own): ApiKeySpec => ({
  name: 'portal',
  key: 'secret',
  id: 'client',
  login: {
    method: 'POST',
    url: '{url}/oauth/token',
    form: formOf('{client}', '{secret}'),
    token: '/access_token',
    dead: [401, INVALID],
  },
  ...(headers === byAdmin && {
    admin: 'adminSecretArn',
    adminLogin: {
      method: 'POST',
      url: '{url}/oauth/token',
      form: formOf('{admin.client}', '{admin.secret}'),
      token: '/access_token',
    },
  }),
  create: {
    method: 'POST',
    url: '{url}/keys',
    headers,
    json: { name: '{key.name}' },
    id: '/id',
    second: { method: 'POST', url: '{url}/keys/{key.id}/secret', headers, json: {}, key: '/secret' },
  },
  check: {
    url: '{url}/self',
    headers: own,
    dead: [401, { '/ok': false, '/error': 'invalid_auth' }, { '/ok': false, '/error': 'revoked' }],
    expect: { '/ok': true },
    id: '/id',
  },
  list: { url: '{url}/keys', headers, items: '/keys', id: '/id', name: '/name', createdAt: '/created' },
  revoke: {
    method: 'DELETE',
    url: '{url}/keys/{key.id}',
    headers,
    gone: [404, { '/error': 'no_such_key' }],
    expect: { '/ok': true },
  },
});

const SPECS = { 'its own key': own, 'an administrator': byAdmin } as const;

const first = (more: object = {}) => {
  const { id, key } = portal.made(provider.keys);
  return { url: provider.url, client: id, secret: key, adminSecretArn: 'admin', ...more };
};
const admin = () => ({ ...BOSS, url: provider.url });

async function rigged(parts: Partial<ApiKeySpec> = {}, headers = own, more: object = {}) {
  const secret = first(more);
  return rig(apiKey({ ...spec(headers), ...parts }), { secret, others: { admin: admin() } });
}
type Rigged = Awaited<ReturnType<typeof rigged>>;

/** No key and no token is in what anybody could read. */
function expectNoLeak(...told: readonly unknown[]): void {
  const text = told.map(allOf).join();
  for (const secret of [BOSS.secret, ...portal.tokens, ...provider.keys.all.map(({ key }) => key)]) {
    expect(leaks(text, secret)).toBeUndefined();
  }
}

/** The error of a rotation that fails, once it is sure that it tells no secret. */
async function failureOf(rig: Rigged): Promise<unknown> {
  const { outcome, steps } = await rig.rotate();
  expect(outcome).toBe('failed');
  const error = steps.at(-1)?.error;
  expectNoLeak(error, rig.log);
  return error;
}

const logins = () => provider.calls.filter(({ url }) => url.pathname === '/oauth/token');

describe.each(Object.entries(SPECS))('with a login, in two calls, by %s', (_, headers) => {
  describe('the contract', () => {
    const clauses = rotatorContract({
      rotator: () => apiKey(spec(headers)),
      reset() {
        portal = new Portal();
        provider.reset();
        return first();
      },
      ...(headers === byAdmin && { others: () => ({ admin: admin() }) }),
      accepts: ({ client, secret }) => portal.accepts(provider.keys, client, secret),
      line: () => provider.line,
      credentials: () => provider.live().length,
      overlaps: true,
    });
    test.each(tried(clauses, headers === own ? 'always' : 'when thorough'))('$name', ({ run }) => run());
  });

  test('rotates three times over: two keys are live, and no token is told', async () => {
    const rig = await rigged({}, headers);
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual([String(1000 + rotation), String(1001 + rotation)]);
    }
    expect(portal.tokens.length).toBeGreaterThan(3);
    expectNoLeak(rig.log);
  });
});

describe('a login', () => {
  /** What testSecret says of AWSPENDING when its login is answered so. */
  async function verdictOn(answer: ProviderAnswer) {
    const rig = await rigged();
    await rig.begin();
    await rig.deliver('createSecret');
    provider.before = ({ url }) => (url.pathname === '/oauth/token' ? answer : undefined);
    provider.calls.length = 0;
    const error = await rig.deliver('testSecret').catch((reason: unknown) => reason);
    expectNoLeak(error, rig.log);
    return error === undefined ? 'accepted' : Reflect.get(Object(error), 'code');
  }

  test.each<[string, ProviderAnswer, string]>([
    ['a status of a dead key', [401], 'ERR_CREDENTIAL_REJECTED'],
    ['what a dead key is answered', [400, { error: 'invalid_client' }], 'ERR_CREDENTIAL_REJECTED'],
    ['the same with 200', [200, { error: 'invalid_client' }], 'ERR_CREDENTIAL_REJECTED'],
    ['another problem', [400, { error: 'invalid_scope' }], 'ERR_SERVICE_FAILED'],
    ['a lack of rights', [403], 'ERR_RIGHTS_MISSING'],
    ['the same words, from a server in trouble', [503, { error: 'invalid_client' }], 'ERR_SERVICE_FAILED'],
    ['no token', [200, { token_type: 'Bearer' }], 'ERR_SERVICE_FAILED'],
    ['a token of two lines', [200, { access_token: 'a\r\nb' }], 'ERR_SERVICE_FAILED'],
    ['nothing', [204], 'ERR_SERVICE_FAILED'],
  ])('of AWSPENDING that is answered with %s', async (_, answer, verdict) => {
    expect(await verdictOn(answer)).toBe(verdict);
    expect(provider.calls.filter(({ url }) => url.pathname === '/self')).toEqual([]);
  });

  test('is made with AWSPENDING’s own key for the check of it, although an administrator makes keys', async () => {
    const rig = await rigged({}, byAdmin);
    await rig.begin();
    await rig.deliver('createSecret');
    provider.calls.length = 0;
    await rig.deliver('testSecret');
    const { client } = await rig.value('AWSPENDING');
    expect(logins().map(({ body }) => body.client_id)).toEqual([client]);
  });

  test('of a dead AWSCURRENT makes no key, whoever makes it', async () => {
    for (const headers of Object.values(SPECS)) {
      const rig = await rigged({}, headers, { secret: 'not-the-secret' });
      expect(await failureOf(rig)).toMatchObject({
        code: headers === own ? 'ERR_RIGHTS_MISSING' : 'ERR_CREDENTIAL_REJECTED',
      });
      expect(provider.calls.filter(({ url }) => url.pathname !== '/oauth/token')).toEqual([]);
    }
    expect(logins().map(({ body }) => body.client_id)).not.toContain(BOSS.client);
  });

  test('that the administrator is refused says nothing of AWSPENDING, and makes no key', async () => {
    const rig = await rigged({}, byAdmin);
    provider.before = ({ url, body }) =>
      url.pathname === '/oauth/token' && body.client_id === BOSS.client ? [401] : undefined;
    expect(await failureOf(rig)).toMatchObject({
      code: 'ERR_RIGHTS_MISSING',
      message: expect.stringMatching(/^could not log in as the administrator: .* answered 401$/),
    });
    expect(provider.live()).toEqual(['1001']);
  });

  test('of the administrator is never sent to another server than its own', async () => {
    const impostor = await ProviderServer.start((call, keys) => portal.dialect(call, keys));
    const { id, key } = portal.made(impostor.keys);
    const rig = await rigged({}, byAdmin, { url: impostor.url, client: id, secret: key });
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SECRET_MALFORMED' });
    expect(leaks(allOf(impostor.calls.map(({ body }) => body)), BOSS.secret)).toBeUndefined();
    await impostor.stop();
  });

  test('is made anew for each check, since a token outlives its key', async () => {
    const rig = await rigged({ settleMs: 30 });
    await rig.rotate();
    provider.calls.length = 0;
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    const checks = provider.calls.filter(({ url }) => url.pathname === '/self');
    const shown = checks.map(({ header }) => header('authorization'));
    expect(new Set(shown).size).toBe(checks.length);
    // The one that has ended is refused when it logs in.
    expect(logins().filter(({ body }) => body.client_id === '1001').length).toBeGreaterThan(3);
  });

  test.each(Object.keys(SPECS))('of %s has a token that no message shows', async (whose) => {
    const rotator = apiKey(spec(whose === 'its own key' ? own : byAdmin));
    const createSecret: typeof rotator.createSecret = async (...given) => {
      await rotator.createSecret(...given);
      throw new Error(`no room for ${portal.tokens.join(', ')}`);
    };
    const talkative = { ...rotator, ownWords: false, createSecret };
    const rigged = await rig(talkative, { secret: first(), others: { admin: admin() } });
    expect(await failureOf(rigged)).toMatchObject({
      cause: { message: expect.stringContaining('no room for') },
    });
    expect(portal.tokens.length).toBeGreaterThan(0);
  });
});

describe('a provider that refuses with 200', () => {
  /** What testSecret says of AWSPENDING when the check is answered so. */
  async function verdictOn(check: Partial<ApiKeySpec['check']>, answer: ProviderAnswer) {
    const rig = await rigged({ check: { ...spec().check, ...check } });
    await rig.begin({ RotateImmediately: false });
    provider.before = ({ url }) => (url.pathname === '/self' ? answer : undefined);
    const error = await rig.deliver('testSecret').catch((reason: unknown) => reason);
    return error === undefined ? 'accepted' : Reflect.get(Object(error), 'code');
  }
  const no = (error: string, status = 200): ProviderAnswer => [status, { ok: false, error }];

  test.each<[string, ProviderAnswer, string]>([
    ['what a live key is answered', [200, { ok: true, id: '1001' }], 'accepted'],
    ['what a dead key is answered', no('invalid_auth'), 'ERR_CREDENTIAL_REJECTED'],
    ['another answer of a dead key', no('revoked'), 'ERR_CREDENTIAL_REJECTED'],
    ['the same with 403', no('revoked', 403), 'ERR_CREDENTIAL_REJECTED'],
    ['the same from a server in trouble', no('revoked', 502), 'ERR_SERVICE_FAILED'],
    ['a part of what a dead key is answered', [200, { error: 'revoked' }], 'ERR_SERVICE_FAILED'],
    ['a problem that nobody named', no('ratelimited'), 'ERR_SERVICE_FAILED'],
    ['an empty object', [200, {}], 'ERR_SERVICE_FAILED'],
    ['a list', [200, ['revoked']], 'ERR_SERVICE_FAILED'],
    ['nothing', [200], 'ERR_SERVICE_FAILED'],
    ['a key of somebody else', [200, { ok: true, id: '7' }], 'ERR_SECRET_MALFORMED'],
  ])('is understood: %s', async (_, answer, verdict) => {
    expect(await verdictOn({}, answer)).toBe(verdict);
  });

  test('is understood where the id alone proves a live key', async () => {
    const { expect: _, ...check } = spec().check;
    const verdict = async (answer: ProviderAnswer) => verdictOn({ ...check, expect: {} }, answer);
    expect(await verdict([200, { ok: true, id: '1001' }])).toBe('accepted');
    provider.reset();
    expect(await verdict(no('ratelimited'))).toBe('ERR_SERVICE_FAILED');
  });

  test('has ended a key that it does not know any more, if its list does not show it either', async () => {
    const rig = await rigged();
    await rig.rotate();
    provider.before = ({ method, url }) => {
      if (method !== 'DELETE') return undefined;
      provider.keys.end(url.pathname.split('/').at(-1));
      return no('no_such_key');
    };
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1002', '1003']);
  });

  test.each(['no_such_key', 'ratelimited'])('has not ended a key that its list shows: %s', async (error) => {
    const rig = await rigged();
    await rig.rotate();
    const current = await rig.secretString('AWSCURRENT');
    provider.before = ({ method }) => (method === 'DELETE' ? no(error) : undefined);
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
    expect(await rig.secretString('AWSCURRENT')).toBe(current);
    expect(provider.live()).toEqual(['1001', '1002', '1003']);
  });

  test.each(['POST', 'GET'])('has neither made nor listed a key: %s', async (refused) => {
    const rig = await rigged();
    provider.before = ({ method, url }) =>
      method === refused && url.pathname === '/keys' ? no('ratelimited') : undefined;
    expect(await failureOf(rig)).toMatchObject({ code: 'ERR_SERVICE_FAILED' });
    expect(await rig.reattempt()).toMatchObject({ outcome: 'failed' });
    provider.before = undefined;
    expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1002']);
  });

  test('has no room for another key, and AWSPREVIOUS’s makes it', async () => {
    const full = { '/error': 'too_many_keys' } as const;
    const rig = await rigged({ create: { ...spec().create, full } });
    provider.before = ({ method, url }) =>
      method === 'POST' && url.pathname === '/keys' && provider.live().length >= 2
        ? no('too_many_keys')
        : undefined;
    for (let rotation = 1; rotation <= 3; rotation++) {
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toHaveLength(2);
    }
  });
});

describe('the second request of a new key', () => {
  const isSecond = (path: string) => path.endsWith('/secret');

  test.each<[string, ProviderAnswer]>([
    ['is refused', [403]],
    ['is answered with no key', [200, { ok: true }]],
    ['is answered with nothing', [200]],
    ['is answered with another status', [202]],
  ])('fails the step if it %s, and the key that nobody has is ended', async (_, answer) => {
    const rig = await rigged();
    provider.before = ({ url }) => (isSecond(url.pathname) ? answer : undefined);
    expect(await failureOf(rig)).toMatchObject({
      message: expect.stringMatching(/^could not finish the new key: /),
    });
    expect(provider.live()).toEqual(['1001', '1002']);
    provider.before = undefined;
    expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });

  test('leaves a key that the next rotation ends, when this one is given up', async () => {
    const rig = await rigged();
    const token = await rig.begin();
    provider.before = ({ url }) => (isSecond(url.pathname) ? [503] : undefined);
    await rig.deliver('createSecret').catch(() => {});
    provider.before = undefined;
    const label = { SecretId: rig.secretId, VersionStage: 'AWSPENDING', RemoveFromVersionId: token };
    await rig.secrets.updateSecretVersionStage(label).catch(() => {});
    expect(provider.live()).toEqual(['1001', '1002']);
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    expect(provider.live()).toEqual(['1001', '1003']);
  });

  describe('that activates it', () => {
    /** The key is in the first answer. */
    const activating = (more: object = {}): Partial<ApiKeySpec> => ({
      create: {
        ...{ ...spec().create, key: '/value' },
        second: { method: 'POST', url: '{url}/keys/{key.id}/activate', headers: own, ...more },
      },
    });
    /** It is accepted once it is activated. */
    function answersTo(activated: ProviderAnswer) {
      provider.before = ({ method, url }) => {
        const [, , id, part] = url.pathname.split('/');
        if (part === 'activate') {
          const key = provider.keys.find(id);
          if (key && activated[0] < 300) portal.activate(key);
          return activated;
        }
        if (method !== 'POST' || url.pathname !== '/keys') return undefined;
        const { id: made, key } = provider.keys.issue(String(provider.calls.at(-1)?.body.name));
        return [200, { ok: true, id: made, value: key }];
      };
    }

    test.each<[string, ProviderAnswer]>([
      ['no content', [204]],
      ['an empty answer', [202]],
      ['JSON', [200, { ok: true }]],
    ])('has done so with %s', async (_, answer) => {
      const rig = await rigged(activating());
      answersTo(answer);
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual(['1001', '1002']);
      expectNoLeak(rig.log);
    });

    test.each<[string, ProviderAnswer]>([
      ['another answer than is expected', [200, { ok: false }]],
      ['an answer without what is expected', [200, {}]],
      ['no answer where one is expected', [204]],
      ['a refusal', [409, { ok: true }]],
    ])('has not done so with %s: nothing is stored, and the key is in no error', async (_, answer) => {
      const rig = await rigged(activating({ expect: { '/ok': true } }));
      answersTo(answer);
      expect(await failureOf(rig)).toMatchObject({
        code: 'ERR_SERVICE_FAILED',
        message: expect.stringMatching(/^could not finish the new key: /),
      });
      await expect(rig.secretString('AWSPENDING')).rejects.toThrow();
      answersTo([200, { ok: true }]);
      expect(await rig.reattempt()).toMatchObject({ outcome: 'succeeded' });
      expect(provider.live()).toEqual(['1001', '1003']);
    });
  });
});

describe('what else the answer brings', () => {
  const copying = (copies: NonNullable<ApiKeySpec['create']['copies']>, more: Partial<ApiKeySpec> = {}) => ({
    create: { ...spec().create, copies },
    ...more,
  });

  test.each<[string, unknown, unknown]>([
    ['a text', '2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['a number', 1_798_761_600, 1_798_761_600],
    ['false', false, false],
    ['null', null, 17],
    ['nothing', undefined, 17],
  ])('is copied, and the field is left as it was where nothing stands: %s', async (_, expires, stored) => {
    const rig = await rigged(copying({ expiry: '/meta/expires', region: '/meta/region' }), own, {
      expiry: 17,
    });
    portal.extras = { meta: { expires } };
    expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
    const current = JSON.parse(await rig.secretString('AWSCURRENT'));
    expect(current).toMatchObject({ expiry: stored });
    expect(current).not.toHaveProperty('region');
  });

  test.each(['constructor', 'toString', '__proto__'])(
    'is left out where nothing stands, although every object has something of the name: %s',
    async (field) => {
      // As JSON: in a literal, __proto__ is no member.
      const rig = await rigged(copying(JSON.parse(`{"${field}":"/${field}"}`)));
      const before = Object.keys(JSON.parse(await rig.secretString('AWSCURRENT')));
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(Object.keys(JSON.parse(await rig.secretString('AWSCURRENT')))).toEqual(before);
      portal.extras = JSON.parse(`{"${field}":"north"}`);
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      expect(await rig.secretString('AWSCURRENT')).toContain(`"${field}": "north"`);
    },
  );

  test.each<[string, unknown]>([
    ['an object', { at: 7 }],
    ['a list', ['x']],
    ['a number that is no longer the one sent', 2 ** 60],
  ])('is an error if it is %s: nothing is stored', async (_, expires) => {
    const rig = await rigged(copying({ expiry: '/expires' }));
    portal.extras = { expires };
    expect(await failureOf(rig)).toMatchObject({ message: expect.stringMatching(/at \/expires$/) });
    await expect(rig.secretString('AWSPENDING')).rejects.toThrow();
  });

  test.each([
    ['is told to nobody', [], false],
    ['stands in messages if the spec shows it', ['endpoint'], true],
  ] as const)('%s', async (_, shows, isTold) => {
    const endpoint = 'https://k17.portal.example/in';
    const rotator = apiKey({ ...spec(), ...copying({ endpoint: '/endpoint' }), shows });
    const testSecret: typeof rotator.testSecret = () => Promise.reject(new Error(`no way to ${endpoint}`));
    const { rotate } = await rig({ ...rotator, ownWords: false, testSecret }, { secret: first() });
    portal.extras = { endpoint };
    const { steps } = await rotate();
    expect(leaks(allOf(steps.at(-1)?.error), endpoint) !== undefined).toBe(isTold);
  });

  test('may be another for each key, and be shown in the check of it: AWSPREVIOUS’s key is ended all the same', async () => {
    const { check } = spec();
    const url = '{url}/self?tenant={tenant}';
    const rig = await rigged(copying({ tenant: '/tenant' }, { check: { ...check, url } }), own, {
      tenant: 't0',
    });
    for (let rotation = 1; rotation <= 3; rotation++) {
      portal.extras = { tenant: `t${rotation}` };
      provider.calls.length = 0;
      expect(await rig.rotate()).toMatchObject({ outcome: 'succeeded' });
      const shown = provider.calls.map(({ url: { searchParams } }) => searchParams.get('tenant'));
      expect(shown).toContain(`t${rotation}`);
      expect(provider.live()).toEqual([String(1000 + rotation), String(1001 + rotation)]);
    }
  });
});
