import { httpUrl } from '../../src/index.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

const REQUEST = ['method', 'url', 'headers', 'basic', 'json', 'form'];
const KEYS = ['nameLength', 'maxKeys', 'ownsEveryKey', 'propagationMs', 'settleMs', 'lifetimeOption'];
const ROTATOR = ['name', 'rejectionHint', 'ends', ...KEYS];
/** The members of the interfaces in spec.ts. A test compares them. */
export const MEMBERS = {
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
      'timeZone',
      'ca',
      '$schema',
    ],
  ],
  login: [...REQUEST, 'token', 'dead'],
  adminLogin: [...REQUEST, 'token'],
  create: [...REQUEST, 'key', 'id', 'current', 'second', 'copies', 'full', 'expiresInDays'],
  'create.second': [...REQUEST, 'key', 'expect'],
  'create.current': [...REQUEST, 'items', 'id', 'from', 'until'],
  check: [...REQUEST, 'live', 'dead', 'expect', 'id'],
  list: [...REQUEST, 'items', 'id', 'name', 'createdAt', 'expiresAt', 'where', 'pages', 'maxBytes'],
  revoke: [...REQUEST, 'gone', 'expect'],
};
const NUMBERS = ['propagationMs', 'settleMs', 'nameLength'] as const;
const SWITCHES = ['text', 'ownsEveryKey'] as const;
const TEXTS = ['rejectionHint', 'lifetimeOption', '$schema'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Name of a request of a spec, for errors. */
export type RequestName = Exclude<keyof typeof MEMBERS, 'spec'>;

/** @throws TypeError that names the member and does not quote its value */
export function demand(isMet: boolean, member: string, problem: string): asserts isMet {
  if (!isMet) throw new TypeError(`"${member}" ${problem}`);
}

export function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/** Whether a value is an object, and not an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Asserts that each member of a spec is known and has its type. Members of requests are checked apart. */
export function assertSpec(spec: ApiKeySpec): void {
  assertMembers('spec', spec);
  demand(isText(spec.name), 'name', 'must be a non-empty string');
  const { key, id, admin, shows = [], timeZone, ca = [] } = spec;
  demand(isText(key), 'key', 'must be the name of a field');
  demand(isText(id) || id instanceof RegExp, 'id', 'must be the name of a field, or a RegExp');
  demand(admin === undefined || isText(admin), 'admin', 'must be the name of a field');
  demand(Array.isArray(shows) && shows.every(isText), 'shows', 'must be a list of field names');
  demand(timeZone === undefined || timeZone === 'UTC', 'timeZone', 'must be "UTC"');
  demand([ca].flat().every(isText), 'ca', 'must be a string, or a list of strings');
  assertAll(spec, NUMBERS, (value) => typeof value === 'number', 'must be a number');
  assertAll(spec, SWITCHES, (value) => typeof value === 'boolean', 'must be true or false');
  assertAll(spec, TEXTS, isText, 'must be a non-empty string');
  for (const member of ['create', 'check', 'list', 'revoke'] as const) {
    demand(typeof spec[member] === 'object' && spec[member] !== null, member, 'must be an object');
  }
  const revokes: readonly unknown[] = [spec.revoke].flat();
  demand(revokes.length > 0 && revokes.every(isRecord), 'revoke', 'must be a request, or a list of requests');
}

function assertAll<Member extends keyof ApiKeySpec>(
  spec: ApiKeySpec,
  members: readonly Member[],
  isOfType: (value: unknown) => boolean,
  problem: string,
): void {
  for (const member of members) demand(spec[member] === undefined || isOfType(spec[member]), member, problem);
}

/** Asserts that each member of a request is known and has its type. */
export function assertRequest(name: RequestName, request: ApiRequest): void {
  demand(isRecord(request), name, 'must be an object');
  assertMembers(name, request);
  const { method = 'GET', url, headers = {}, basic = ['', ''], json, form = {} } = request;
  demand(METHODS.includes(method), `${name}.method`, `must be one of ${METHODS.join(', ')}`);
  assertUrl(`${name}.url`, url);
  demand(isRecord(headers), `${name}.headers`, 'must be an object');
  for (const [header, value] of Object.entries(headers)) {
    demand(/^[\w!#$%&'*+.^`|~-]+$/.test(header), `${name}.headers`, 'must have valid header names');
    demand(typeof value === 'string', `${name}.headers.${header}`, 'must be a string');
  }
  const pair = Array.isArray(basic) && basic.length === 2 && basic.every((part) => typeof part === 'string');
  demand(pair, `${name}.basic`, 'must be a list of two strings, the user and the password');
  const isForm = isRecord(form) && Object.values(form).every((value) => typeof value === 'string');
  demand(isForm, `${name}.form`, 'must be an object of strings');
  demand(json === undefined || !('form' in request), `${name}.form`, 'must not be set together with "json"');
}

/** Asserts that only the spec, or the field at the beginning of the URL, decides the host. */
function assertUrl(member: string, url: unknown): void {
  const whole = /^(https?:\/\/[^/?#{}\s\\]+|\{[^{}.:]+\})(?:[/?][^#\s\\]*)?$/;
  const [, start] = (typeof url === 'string' && whole.exec(url)) || [];
  demand(
    start !== undefined,
    member,
    'must begin with https:// and a host, or with a field that holds a URL',
  );
  if (!start.startsWith('{')) httpUrl(start, member);
}

function assertMembers(path: keyof typeof MEMBERS, value: object): void {
  const unknown = Object.keys(value).find((member) => !MEMBERS[path].includes(member));
  demand(unknown === undefined, path === 'spec' ? `${unknown}` : `${path}.${unknown}`, 'is unknown');
}
