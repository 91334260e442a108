import { datadog } from '../../../rotators/api-key/datadog/index.js';
import { elasticsearch } from '../../../rotators/api-key/elasticsearch/index.js';
import { gitlab } from '../../../rotators/api-key/gitlab/index.js';
import { type ApiKeySpec, apiKey } from '../../../rotators/api-key/index.js';

const SECRET = 'sEcReT-9fK2mQx7';

/** A spec in which a test spoils one thing. */
const spec = (): ApiKeySpec => ({
  name: 'desk',
  key: 'key',
  id: 'keyId',
  admin: 'adminSecretArn',
  create: {
    method: 'POST',
    url: 'https://desk.example/keys',
    headers: { authorization: 'Bearer {admin.key}' },
    json: { name: '{key.name}' },
    key: '/key',
    id: '/id',
  },
  check: { url: 'https://desk.example/self', headers: { authorization: 'Bearer {key}' } },
  list: { url: 'https://desk.example/keys', items: '/keys', id: '/id', name: '/name', createdAt: '/at' },
  revoke: { method: 'DELETE', url: 'https://desk.example/keys/{key.id}' },
});

/** Sets a member, by its path. */
function spoilt(path: string, value: unknown): ApiKeySpec {
  const copy = spec();
  const names = path.split('.');
  const last = names.pop() ?? '';
  const owner = names.reduce((object: object, name) => Reflect.get(object, name), copy);
  Reflect.set(owner, last, value);
  return copy;
}

test('a spec makes a rotator', () => {
  expect(apiKey(spec())).toMatchObject({ name: 'desk', rotates: ['key', 'keyId'] });
});

const LOGIN = { method: 'POST', url: 'https://desk.example/token', form: { key: '{key}' }, token: '/token' };
const AT = `${SECRET}/`;
test.each<[member: string, path: string, value: unknown]>([
  ['name', 'name', ''],
  ['key', 'key', 7],
  ['key', 'key', undefined],
  ['id', 'id', undefined],
  ['id', 'id', 'key'],
  ['id', 'id', /-(.+)/g],
  ['id', 'id', /^(.+)$/],
  ['id', 'id', /(.*)/],
  ['id', 'id', /^(sk-([^-]+)-.+)$/],
  ['id', 'id', /^(?<id>dk_\w+)$/],
  ['id', 'id', /^.(.+)$/],
  ['id', 'id', /^(?=(.+)$)/],
  ['create.id', 'create.id', '/key'],
  ['admin', 'admin', ''],
  ['admin', 'admin', undefined],
  ['shows', 'shows', ['key']],
  ['shows', 'shows', SECRET],
  ['text', 'text', true],
  ['ends', 'ends', 'never'],
  ['cretae', 'cretae', {}],
  ['create', 'create', undefined],
  ['create', 'create', null],
  ['create', 'create.json', { name: SECRET }],
  ['create.ulr', 'create.ulr', SECRET],
  ['create.method', 'create.method', 'BREW'],
  ['create.url', 'create.url', undefined],
  ['create.url', 'create.url', `http://${SECRET}.example/keys`],
  ['create.url', 'create.url', `ftp://${SECRET}.example/keys`],
  ['create.url', 'create.url', `https://user:${SECRET}@desk.example/keys`],
  ['create.url', 'create.url', 'https://{host}/keys'],
  ['create.url', 'create.url', 'https://desk.example{path}'],
  ['create.url', 'create.url', 'https://desk.example:{port}/keys'],
  ['create.url', 'create.url', '{admin.url}/keys'],
  ['create.url', 'create.url', '{url}{path}'],
  ['create.url', 'create.url', 'https://desk.example\\{key.name}'],
  ['create.url', 'create.url', 'https://desk.example/keys#{key.name}'],
  ['create.url', 'create.url', 'https://desk.example/{key.name'],
  ['create.url', 'create.url', 'https://desk.example/{a.b.c}'],
  ['create.headers', 'create.headers', { 'a b': 'x' }],
  ['create.headers.x', 'create.headers', { x: 7 }],
  ['create.headers', 'create.headers', { x: '{}' }],
  ['create.basic', 'create.basic', [SECRET]],
  ['create.form', 'create.form', { a: 'b' }],
  ['create.json', 'create.json', { name: '{key.name}', [AT]: ['{'] }],
  ['create.json', 'create.json', { name: '{key.name}', like: `${AT}{current:/a}` }],
  ['create.current', 'create.json', { name: '{key.name}', like: '{current:/a}' }],
  ['create.current', 'create.current', { url: 'https://desk.example/self' }],
  ['create.current.url', 'create.current', { url: SECRET }],
  ['create.current', 'create.json', { name: '{key.name}', ttl: '{current.lifetime}' }],
  ['create.json', 'create.json', { name: '{key.name}', like: '{current?:a}' }],
  ['create', 'create.url', 'https://desk.example/keys?ttl={current.lifetime}'],
  ['create.current', 'create.current', { url: 'https://desk.example/self', from: '/a', until: '/b' }],
  ['create.current', 'create.current', { url: 'https://desk.example/self', from: '/a' }],
  ['create.expiresInDays', 'create.expiresInDays', 90],
  ['create.expiresInDays', 'create.expiresInDays', 0.5],
  ['create.expiresInDays', 'create.json', { name: '{key.name}', until: '{expiry.date}' }],
  ['login', 'login', null],
  ['login', 'login', []],
  ['login', 'login', LOGIN],
  ['login.url', 'login', { ...LOGIN, url: `http://${SECRET}.example` }],
  ['login.token', 'login', { ...LOGIN, token: undefined }],
  ['login.dead', 'login', { ...LOGIN, dead: [500] }],
  ['login.scope', 'login', { ...LOGIN, scope: SECRET }],
  ['login', 'check.headers', { x: '{key}', authorization: 'Bearer {login.token}' }],
  ['adminLogin', 'adminLogin', null],
  ['adminLogin', 'adminLogin', LOGIN],
  ['adminLogin', 'list.headers', { authorization: 'Bearer {adminLogin.token}' }],
  ['adminLogin.dead', 'adminLogin', { ...LOGIN, dead: [401] }],
  ['create.url', 'create.url', '{login.token}/keys'],
  ['create.second', 'create.second', null],
  ['create.second', 'create.second', { url: 'https://desk.example/keys' }],
  ['create.second', 'create.second', { url: 'https://desk.example/{key.id}/{expiry.date}' }],
  ['create.second.key', 'create.second', { url: 'https://desk.example/{key.id}', key: '/key' }],
  ['create.second.expect', 'create.second', { url: 'https://desk.example/{key.id}', expect: { ok: true } }],
  ['create.second.id', 'create.second', { url: 'https://desk.example/{key.id}', id: '/id' }],
  ['create.copies', 'create.copies', null],
  ['create.copies', 'create.copies', [SECRET]],
  ['create.copies', 'create.copies', { expiry: 'expires' }],
  ['create.copies', 'create.copies', { '': '/expires' }],
  ['create.copies', 'create.copies', { key: '/other' }],
  ['create.copies', 'create.copies', { keyId: '/other' }],
  ['create.copies', 'create.copies', { adminSecretArn: '/other' }],
  ['create.key', 'create.key', 'key'],
  ['create.key', 'create.key', undefined],
  ['create.id', 'create.id', '/a~2'],
  ['check', 'check.headers', { authorization: 'Bearer {keyId}' }],
  ['check', 'check.headers', { authorization: 'Bearer {key}', also: '{admin.key}' }],
  ['check.live', 'check.live', [200, 503]],
  ['check.live', 'check.live', [200, 403]],
  ['check.live', 'check.live', [404]],
  ['check.live', 'check', { ...spec().check, live: [200, 422], expect: {} }],
  ['check.dead', 'check.dead', ['401']],
  ['check.dead', 'check.dead', [401, { '/error': 'revoked' }]],
  ['check.dead', 'check', { ...spec().check, id: '/id', dead: [{}] }],
  ['check.dead', 'check', { ...spec().check, id: '/id', dead: [{ error: 'revoked' }] }],
  ['check.dead', 'check', { ...spec().check, id: '/id', dead: [{ '/error': undefined }] }],
  ['check.dead', 'check', { ...spec().check, id: '/id', dead: [{ '/error': [SECRET] }] }],
  ['check.dead', 'check', { ...spec().check, id: '/id', dead: { '/error': 'revoked' } }],
  ['check.expect', 'check.expect', { valid: true }],
  ['check.id', 'check.id', 'id'],
  ['list', 'list.url', 'https://desk.example/keys/{key.name}'],
  ['list.items', 'list.items', undefined],
  ['list.name', 'list.name', undefined],
  ['list.createdAt', 'list.createdAt', 'at'],
  ['list.where', 'list.where', { live: true }],
  ['check.dead', 'check.dead', null],
  ['list.createdAt', 'list.createdAt', null],
  ['list.pages', 'list.pages', SECRET],
  ['list.pages', 'list.pages', { parameter: 'page' }],
  ['list.pages', 'list.pages', { parameter: 'page', next: 'next' }],
  ['list.pages', 'list.pages', { parameter: 'page', first: 2 }],
  ['list.pages', 'list.pages', { parameter: 'page', first: 0, by: SECRET }],
  ['list.pages', 'list.pages', { parameter: 'page', first: 0, next: '/next' }],
  ['list.pages', 'list.pages', { parameter: 'page', first: 0, size: 100 }],
  ['list.maxBytes', 'list.maxBytes', 1_048_575],
  ['list.maxBytes', 'list.maxBytes', 16_777_217],
  ['list.maxBytes', 'list.maxBytes', '2097152'],
  ['create.maxBytes', 'create.maxBytes', 2_097_152],
  ['timeZone', 'timeZone', SECRET],
  ['timeZone', 'timeZone', '+02:00'],
  ['ownsEveryKey', 'ownsEveryKey', 'no'],
  ['text', 'text', SECRET],
  ['create.current', 'create.current', null],
  ['create.full', 'create.full', null],
  ['revoke', 'revoke.url', 'https://desk.example/keys'],
  ['revoke', 'revoke', []],
  ['revoke.gone', 'revoke.gone', [500]],
  ['revoke.gone', 'revoke.gone', [{}]],
  ['revoke.expect', 'revoke.gone', [404, { '/error': 'no_such_key' }]],
  ['revoke.expect', 'revoke.expect', { gone: true }],
])('names "%s" when %s is %j, and quotes nothing', (member, path, value) => {
  const make = () => apiKey(spoilt(path, value));
  expect(make).toThrow(TypeError);
  expect(make).toThrow(`"${member}" `);
  expect(make).not.toThrow(SECRET);
});

test.each([{ id: '/id' }, { expect: { '/active': true } }] as const)(
  'a status of 400 and more is a live key’s where the answer says more: %j',
  (more) => {
    const check = { ...spec().check, live: [200, 403], ...more };
    expect(apiKey({ ...spec(), check }).name).toBe('desk');
  },
);

describe('a login', () => {
  const login: NonNullable<ApiKeySpec['login']> = {
    method: 'POST',
    url: 'https://desk.example/token',
    basic: ['{keyId}', '{key}'],
    token: '/token',
  };
  const shown = { authorization: 'Bearer {login.token}' };
  const made = (parts: Partial<ApiKeySpec>) => () => apiKey({ ...spec(), ...parts });

  test('is made with the key, and proves the key in a check', () => {
    const check = { ...spec().check, headers: shown };
    expect(made({ login, check })().name).toBe('desk');
    expect(made({ login: { ...login, basic: ['{keyId}', 'x'] }, check })).toThrow(
      /^"login" must send the key/,
    );
    expect(made({ login: { ...login, headers: { x: '{admin.key}' } }, check })).toThrow(
      /^"login" must not have/,
    );
  });

  test('of the administrator is made with his secret, and never for a check', () => {
    const adminLogin = { ...login, basic: ['{admin.id}', '{admin.key}'] } as const;
    const headers = { authorization: 'Bearer {adminLogin.token}' };
    const list = { ...spec().list, headers };
    expect(made({ adminLogin, list })().name).toBe('desk');
    expect(made({ adminLogin: login, list })).toThrow(/^"adminLogin" must have \{admin/);
    const check = { ...spec().check, headers: { ...headers, x: '{key}' } };
    expect(made({ adminLogin, check })).toThrow(/^"check" must not have placeholders for adminLogin/);
  });
});

test('what is copied from an answer is no place or person that an administrator acts for', () => {
  const copies = { team: '/team' } as const;
  const url = 'https://desk.example/keys/{team}';
  const create = { ...spec().create, copies };
  const made = (parts: Partial<ApiKeySpec>) => () => apiKey({ ...spec(), create, ...parts });
  expect(made({})()).toMatchObject({
    rotates: ['key', 'keyId'],
    mayRotate: ['team'],
    shows: ['adminSecretArn', 'keyId'],
  });
  expect(made({ check: { ...spec().check, url } })().name).toBe('desk');
  for (const parts of [{ list: { ...spec().list, url } }, { create: { ...create, url } }]) {
    expect(made(parts)).toThrow(/^"create.copies" must not have a field that any request except/);
  }
  expect(made({ check: { ...spec().check, url: '{team}/self' } })).toThrow(/^"create.copies" /);
  const copyOfKey = { ...spec().create, copies: { token: '/key' } } as const;
  expect(made({ create: copyOfKey, shows: ['token'] })).toThrow(/^"shows" must not have a copy of the key/);
});

test('a URL that is a field does not rotate', () => {
  const urls = { ...spec(), check: { url: '{key}/self' } };
  expect(() => apiKey(urls)).toThrow(/^"key" /);
});

test.each([
  ['maxKeys', 1],
  ['nameLength', 10],
  ['propagationMs', -1],
])('the number %s is checked by issuedKey', (member, value) => {
  expect(() => apiKey(spoilt(member, value))).toThrow(RangeError);
});

test.each([
  ['is the key', 'dk_4wTz8Lp1Qm7'],
  ['is nearly the key', 'dk_4wTz8Lp1Qm7-x'],
])('an id that %s is refused when it is found, and not quoted', (_, key) => {
  const rotator = apiKey({ ...spec(), id: /^(dk_\w+)(?:-x)?$/ });
  const parse = () => rotator.parse({ key, adminSecretArn: 'admin' });
  expect(parse).toThrow('"key"');
  expect(parse).not.toThrow('4wTz8Lp1');
});

test.each([
  ['is the key', SECRET],
  ['has the key in it', `k-17:${SECRET}`],
  ['is the key in base64', Buffer.from(`k-17:${SECRET}`).toString('base64')],
])('an id in a field of its own that %s is refused, and not quoted', (_, keyId) => {
  const parse = () => apiKey(spec()).parse({ key: SECRET, keyId, adminSecretArn: 'admin' });
  expect(parse).toThrow('"keyId"');
  expect(parse).not.toThrow(keyId);
});

describe('a secret', () => {
  const parse = (json: Record<string, unknown>, rotator = apiKey(spec())) => rotator.parse(json);
  const secret = { key: 'k', keyId: 'i', adminSecretArn: 'admin' };

  test('is read for the fields that the spec names alone', () => {
    expect(parse({ ...secret, other: SECRET, keyId: 17 })).toEqual({ ...secret, keyId: '17' });
  });

  test.each<[string, object]>([
    ['key', { key: '' }],
    ['keyId', { keyId: 2 ** 60 }],
    ['keyId', { keyId: null }],
    ['adminSecretArn', { adminSecretArn: { [SECRET]: SECRET } }],
  ])('with a wrong "%s" is refused', (field, wrong) => {
    expect(() => parse({ ...secret, ...wrong })).toThrow(`"${field}" `);
    expect(() => parse({ ...secret, ...wrong })).not.toThrow(SECRET);
  });

  test.each([
    `http://${SECRET}.example`,
    `https://user:${SECRET}@gitlab.example`,
    `https://gitlab.example?${SECRET}`,
    `${SECRET}`,
  ])('with %j for the URL of a server is refused, and not quoted', (url) => {
    const json = { token: 't', tokenId: '1', adminSecretArn: 'a' };
    expect(() => parse({ ...json, projectId: 1, gitlabUrl: url }, gitlab())).toThrow('"gitlabUrl"');
    expect(() => parse({ ...json, projectId: 1, gitlabUrl: url }, gitlab())).not.toThrow(SECRET);
    const elastic = { apiKey: 'k', apiKeyId: 'i', adminSecretArn: 'a', url };
    expect(() => parse(elastic, elasticsearch())).toThrow('"url"');
  });

  test.each([{}, { projectId: 1, groupId: 2 }])('of GitLab with %j is refused', (owner) => {
    const json = { token: 't', tokenId: '1', gitlabUrl: 'https://gitlab.com', adminSecretArn: 'a', ...owner };
    expect(() => parse(json, gitlab())).toThrow('"projectId" or "groupId"');
  });
});

test('Datadog’s site is said in code, over HTTPS', () => {
  expect(() => datadog({ url: 'http://api.datadoghq.eu' })).toThrow('"create.url"');
  expect(datadog({ url: 'https://api.datadoghq.eu' }).name).toBe('datadog');
});
