import { httpUrl } from '../../src/index.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

const REQUEST = ['method', 'url', 'headers', 'basic', 'json', 'form'];
const KEYS = ['nameLength', 'maxKeys', 'ownsEveryKey', 'propagationMs', 'settleMs', 'lifetimeOption'];
const ROTATOR = ['name', 'rejectionHint', 'ends', ...KEYS];
const MEMBERS = {
  spec: [
    ...ROTATOR,
    ...[
      'key',
      'id',
      'text',
      'admin',
      'shows',
      'login',
      'adminLogin',
      'create',
      'check',
      'list',
      'revoke',
      'ca',
    ],
  ],
  login: [...REQUEST, 'token', 'dead'],
  adminLogin: [...REQUEST, 'token'],
  create: [...REQUEST, 'key', 'id', 'current', 'second', 'copies', 'full', 'expiresInDays'],
  'create.second': [...REQUEST, 'key', 'expect'],
  'create.current': [...REQUEST, 'items', 'id', 'from', 'until'],
  check: [...REQUEST, 'live', 'dead', 'expect', 'id'],
  list: [...REQUEST, 'items', 'id', 'name', 'createdAt', 'expiresAt', 'where', 'pages'],
  revoke: [...REQUEST, 'gone', 'expect'],
};
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** A request of a spec, as errors call it. */
export type RequestName = Exclude<keyof typeof MEMBERS, 'spec'>;

/** @throws TypeError that names the member, and quotes nothing of it */
export function demand(isMet: boolean, member: string, problem: string): asserts isMet {
  if (!isMet) throw new TypeError(`"${member}" ${problem}`);
}

export function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Each member by itself, but for those of requests: that it is known, and of its type. */
export function assertSpec(spec: ApiKeySpec): void {
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
  for (const member of ['login', 'adminLogin'] as const) {
    if (spec[member] !== undefined) assertObject(member, spec[member]);
  }
  demand([spec.revoke].flat().length > 0, 'revoke', 'must be a request, or several');
}

export function assertObject(member: string, value: unknown): asserts value is object {
  demand(typeof value === 'object' && value !== null && !Array.isArray(value), member, 'must be an object');
}

/** Likewise, those of a request. */
export function assertRequest(name: RequestName, request: ApiRequest): void {
  assertMembers(name, request);
  const { method = 'GET', url, headers = {}, basic = ['', ''], json, form = {} } = request;
  demand(METHODS.includes(method), `${name}.method`, `must be one of ${METHODS.join(', ')}`);
  assertUrl(`${name}.url`, url);
  for (const [header, value] of Object.entries(headers)) {
    demand(/^[\w!#$%&'*+.^`|~-]+$/.test(header), `${name}.headers`, 'must have names of headers');
    demand(typeof value === 'string', `${name}.headers.${header}`, 'must be a string');
  }
  const pair = Array.isArray(basic) && basic.length === 2 && basic.every((part) => typeof part === 'string');
  demand(pair, `${name}.basic`, 'must be a user and a password');
  const isForm = Object.values(form).every((value) => typeof value === 'string');
  demand(isForm, `${name}.form`, 'must have strings');
  demand(json === undefined || !('form' in request), `${name}.form`, 'must not stand beside "json"');
}

/** Where a URL leads to is said by the spec, or by a field that begins it: never by what is put in later. */
function assertUrl(member: string, url: unknown): void {
  const whole = /^(https?:\/\/[^/?#{}\s\\]+|\{[^{}.:]+\})(?:[/?][^#\s\\]*)?$/;
  const [, start] = (typeof url === 'string' && whole.exec(url)) || [];
  demand(start !== undefined, member, 'must begin with https:// and a host, or with the field of a URL');
  if (!start.startsWith('{')) httpUrl(start, member);
}

function assertMembers(path: keyof typeof MEMBERS, value: object): void {
  const unknown = Object.keys(value).find((member) => !MEMBERS[path].includes(member));
  demand(unknown === undefined, path === 'spec' ? `${unknown}` : `${path}.${unknown}`, 'is not known');
}
