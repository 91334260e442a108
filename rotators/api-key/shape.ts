import { httpUrl } from '../../src/index.js';
import { placeholdersOf, textsOf } from './placeholders.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

const REQUEST = ['method', 'url', 'headers', 'basic', 'json', 'form'];
const KEYS = ['nameLength', 'maxKeys', 'ownsEveryKey', 'propagationMs', 'lifetimeOption'];
const ROTATOR = ['name', 'rejectionHint', ...KEYS];
const MEMBERS = {
  spec: [...ROTATOR, ...['key', 'id', 'text', 'admin', 'shows', 'create', 'check', 'list', 'revoke', 'ca']],
  create: [...REQUEST, 'key', 'id', 'current', 'expiresInDays'],
  'create.current': REQUEST,
  check: [...REQUEST, 'live', 'dead', 'expect', 'id'],
  list: [...REQUEST, 'items', 'id', 'name', 'createdAt', 'expiresAt', 'where', 'pages'],
  revoke: [...REQUEST, 'gone', 'expect'],
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The requests of a spec, by the names that errors call them. */
export function requestsOf({ create, check, list, revoke }: ApiKeySpec) {
  return [
    ['create', create],
    ...(create.current ? [['create.current', create.current] as const] : []),
    ['check', check],
    ['list', list],
    ...[revoke].flat().map((request) => ['revoke', request] as const),
  ] as const satisfies readonly (readonly [keyof typeof MEMBERS, ApiRequest])[];
}

/** @throws TypeError that names the member, and quotes nothing of it */
export function demand(isMet: boolean, member: string, problem: string): asserts isMet {
  if (!isMet) throw new TypeError(`"${member}" ${problem}`);
}

/** Each member by itself: that it is known, and of its type. */
export function assertShape(spec: ApiKeySpec): void {
  assertMembers('spec', spec);
  demand(isText(spec.name), 'name', 'must be a non-empty string');
  const { key, id, admin, shows = [], lifetimeOption } = spec;
  demand(isText(key), 'key', 'must be the name of a field');
  demand(isText(id) || id instanceof RegExp, 'id', 'must be the name of a field, or a RegExp');
  demand(admin === undefined || isText(admin), 'admin', 'must be the name of a field');
  demand(Array.isArray(shows) && shows.every(isText), 'shows', 'must be names of fields');
  demand(
    lifetimeOption === undefined || isText(lifetimeOption),
    'lifetimeOption',
    'must be a non-empty string',
  );
  for (const member of ['create', 'check', 'list', 'revoke'] as const) {
    demand(typeof spec[member] === 'object' && spec[member] !== null, member, 'must be an object');
  }
  demand([spec.revoke].flat().length > 0, 'revoke', 'must be a request, or several');
  for (const [path, request] of requestsOf(spec)) assertRequest(path, request);
  assertPlaces(spec);
}

function assertRequest(path: keyof typeof MEMBERS, request: ApiRequest): void {
  assertMembers(path, request);
  const { method = 'GET', url, headers = {}, basic = ['', ''], json, form = {} } = request;
  demand(METHODS.includes(method), `${path}.method`, `must be one of ${METHODS.join(', ')}`);
  assertUrl(`${path}.url`, url);
  for (const [name, value] of Object.entries(headers)) {
    demand(/^[\w!#$%&'*+.^`|~-]+$/.test(name), `${path}.headers`, 'must have names of headers');
    demand(typeof value === 'string', `${path}.headers.${name}`, 'must be a string');
  }
  const pair = Array.isArray(basic) && basic.length === 2 && basic.every((part) => typeof part === 'string');
  demand(pair, `${path}.basic`, 'must be a user and a password');
  const isForm = Object.values(form).every((value) => typeof value === 'string');
  demand(isForm, `${path}.form`, 'must have strings');
  demand(json === undefined || !('form' in request), `${path}.form`, 'must not stand beside "json"');
  for (const [member, texts] of Object.entries({
    url: [url],
    headers: Object.values(headers),
    basic,
    json: textsOf({ url: '', ...(json !== undefined && { json }) }),
    form: Object.values(form),
  })) {
    const isKnown = texts.flatMap(placeholdersOf).every((one) => one !== undefined);
    demand(isKnown, `${path}.${member}`, 'has a brace that is no placeholder');
  }
}

/** Where a URL leads to is said by the spec, or by a field that begins it: never by what is put in later. */
function assertUrl(member: string, url: unknown): void {
  const whole = /^(https?:\/\/[^/?#{}\s\\]+|\{[^{}.:]+\})(?:[/?][^#\s\\]*)?$/;
  const [, start] = (typeof url === 'string' && whole.exec(url)) || [];
  demand(start !== undefined, member, 'must begin with https:// and a host, or with the field of a URL');
  if (!start.startsWith('{')) httpUrl(start, member);
}

function assertPlaces({ create, check, list, revoke }: ApiKeySpec): void {
  const revokes = [revoke].flat();
  const pointers = {
    'create.key': [create.key],
    'create.id': [create.id],
    'check.id': [check.id ?? '/'],
    'check.expect': Object.keys(check.expect ?? {}),
    'list.items': [list.items === '' ? '/' : list.items],
    'list.id': [list.id],
    'list.name': [list.name ?? '/'],
    'list.createdAt': [list.createdAt ?? '/'],
    'list.expiresAt': [list.expiresAt ?? '/'],
    'list.where': Object.keys(list.where ?? {}),
    'list.pages': [list.pages && 'next' in list.pages ? list.pages.next : '/'],
    'revoke.expect': revokes.flatMap(({ expect = {} }) => Object.keys(expect)),
  };
  for (const [member, places] of Object.entries<readonly unknown[]>(pointers)) {
    demand(places.every(isPointer), member, 'must be JSON pointers: /data/id');
  }
  const statuses = {
    'check.live': check.live ?? [],
    'check.dead': check.dead ?? [],
    'revoke.gone': revokes.flatMap(({ gone = [] }) => gone),
  };
  for (const [member, list] of Object.entries<readonly unknown[]>(statuses)) {
    demand(
      Array.isArray(list) && list.every(isStatus),
      member,
      'must be statuses: 200 to 299, or 400 to 499',
    );
  }
  const { pages } = list;
  const isPaged = pages === undefined || (isText(pages.parameter) && ('first' in pages || 'next' in pages));
  demand(isPaged, 'list.pages', 'must have a parameter, and "first" or "next"');
}

function assertMembers(path: keyof typeof MEMBERS, value: object): void {
  const unknown = Object.keys(value).find((member) => !MEMBERS[path].includes(member));
  demand(unknown === undefined, path === 'spec' ? `${unknown}` : `${path}.${unknown}`, 'is not known');
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isPointer(value: unknown): boolean {
  return typeof value === 'string' && /^\/(?:[^~]|~[01])*$/.test(value);
}

/** What a server in trouble says tells nothing of a key. */
function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && /^[24]\d\d$/.test(String(value));
}
