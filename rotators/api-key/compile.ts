import { listPlaces } from './list.js';
import { isOfLifetime, type Placeholder } from './placeholders.js';
import {
  expectedIn,
  hasStatus,
  isSuccess,
  placeAt,
  placeIfIn,
  placeIn,
  signsIn,
  timePlaceIn,
} from './pointers.js';
import { type Named, takesWholeKeys } from './secret.js';
import { type CompiledRequest, compiledRequest } from './send.js';
import { assertSpec, demand, isRecord, isText } from './shape.js';
import type {
  ApiKeySpec,
  CheckRequest,
  CreateRequest,
  CurrentRequest,
  LoginRequest,
  RevokeRequest,
  SecondRequest,
} from './spec.js';

/** A spec as functions, which fill in its requests and read their answers. */
export type CompiledSpec = ReturnType<typeof compile>;

/** Placeholders of a request that may use the secret's or the administrator's right. */
const BY_ANY = ['secret', 'admin', 'login.token', 'adminLogin.token'] as const;

/** Placeholders that each request may hold. */
const PARTS: Readonly<Record<CompiledRequest['name'], readonly Placeholder['of'][]>> = {
  login: ['secret'],
  adminLogin: ['secret', 'admin'],
  create: [...BY_ANY, 'key.name', 'expiry.date', 'current', 'current.lifetime', 'current.expiry'],
  'create.current': BY_ANY,
  'create.second': [...BY_ANY, 'key.name', 'key.id'],
  // With the administrator's right, the check would prove nothing about the key.
  check: ['secret', 'login.token'],
  list: BY_ANY,
  revoke: [...BY_ANY, 'key.id'],
};

/**
 * Checks a spec, and compiles it. Requests and answers do not need its text again.
 *
 * @throws TypeError that names the member, and quotes no value
 */
export function compile(spec: ApiKeySpec) {
  assertSpec(spec);
  const login = compiledLogin('login', spec.login);
  const adminLogin = compiledLogin('adminLogin', spec.adminLogin);
  const create = compiledCreate(spec.create, spec.timeZone);
  const check = compiledCheck(spec.check);
  const list = { request: compiledRequest('list', spec.list), places: listPlaces(spec.list, spec.timeZone) };
  const revokes = [spec.revoke].flat().map(compiledRevoke);
  const requests = [login?.request, adminLogin?.request, create.current, ...create.requests]
    .filter((request) => request !== undefined)
    .concat(check.request, list.request, ...revokes.map(({ request }) => request));
  assertPlaceholders(spec, requests);
  assertOwners(spec, requests);
  assertFindable(spec, requests);
  const named = namedBy(spec, requests);
  assertSecret(spec, named, requests);
  return { ...named, login, adminLogin, create, check, list, revokes };
}

/** Whether a request is made with the administrator's right. */
export function isByAdmin({ placeholders }: CompiledRequest): boolean {
  return placeholders.some(({ of }) => of === 'admin' || of === 'adminLogin.token');
}

function compiledLogin(name: 'login' | 'adminLogin', login: LoginRequest | undefined) {
  if (login === undefined) return undefined;
  const request = compiledRequest(name, login);
  const { token, dead = [401] } = login;
  return { request, token: placeIn(`${name}.token`, token), isDead: signsIn(`${name}.dead`, dead) };
}

function compiledCreate(create: CreateRequest, timeZone: ApiKeySpec['timeZone']) {
  const request = compiledRequest('create', create);
  const { current, key, id, full, expiresInDays = 0 } = create;
  demand(key !== id, 'create.id', 'must not be the place of the key: messages show the id');
  const second = compiledSecond(create.second);
  const isInOne = !second?.hasKey || key === undefined;
  demand(isInOne, 'create.second.key', 'must not be set together with "create.key"');
  return {
    request,
    second,
    /** Requests that make a key. */
    requests: second ? [request, second.request] : [request],
    copies: copiesIn(create.copies),
    current: current === undefined ? undefined : compiledRequest('create.current', current),
    /** Place of the key in use, in a list of all keys. */
    item: itemIn(current),
    lifetime: lifetimeIn(current, timeZone),
    /** Place of the key: in the answer to `second` if that has it, otherwise in the answer to `create`. */
    key: second?.hasKey ? placeIn('create.second.key', create.second?.key) : placeIn('create.key', key),
    id: placeIn('create.id', id),
    /** Values that the next key takes from the one in use. */
    taken: request.placeholders.flatMap((part) =>
      part.of === 'current' ? { ...placeAt(part.pointer), isOptional: part.isOptional === true } : [],
    ),
    full: expectedIn('create.full', full),
    expiresInDays,
  };
}

function compiledSecond(second: SecondRequest | undefined) {
  if (second === undefined) return undefined;
  const request = compiledRequest('create.second', second);
  const isOfKey = request.placeholders.some(({ of }) => of === 'key.id' || of === 'key.name');
  demand(isOfKey, 'create.second', 'must have {key.id} or {key.name}');
  return {
    request,
    hasKey: second.key !== undefined,
    expect: expectedIn('create.second.expect', second.expect),
  };
}

function copiesIn(copies: CreateRequest['copies'] = {}) {
  demand(isRecord(copies), 'create.copies', 'must be an object');
  return Object.entries(copies).map(([field, pointer]) => ({
    field,
    place: placeIn('create.copies', pointer),
  }));
}

function itemIn(current: CurrentRequest | undefined) {
  if (current?.items === undefined || current.id === undefined) {
    const isNeither = current?.items === undefined && current?.id === undefined;
    demand(isNeither, 'create.current', 'must have both "items" and "id", or neither');
    return undefined;
  }
  const { items, id } = current;
  return {
    items: items === '' ? placeAt(items) : placeIn('create.current.items', items),
    id: placeIn('create.current.id', id),
  };
}

function lifetimeIn({ from, until }: Partial<CurrentRequest> = {}, timeZone: ApiKeySpec['timeZone']) {
  const start = timePlaceIn('create.current.from', from, timeZone);
  const end = timePlaceIn('create.current.until', until, timeZone);
  demand(
    (start === undefined) === (end === undefined),
    'create.current',
    'must have both "from" and "until", or neither',
  );
  return start && end && { start, end };
}

const WITHOUT_PROOF = 'without "check.id" or "check.expect"';

function compiledCheck(check: CheckRequest) {
  const { live, dead = [401], expect, id } = check;
  const isDeclaredLive = hasStatus('check.live', live === undefined ? [] : live);
  const isToldApart = id !== undefined || Object.keys(expect ?? {}).length > 0;
  const namesDead = Array.isArray(dead) && dead.some((sign) => typeof sign !== 'number');
  const isDead = signsIn('check.dead', dead);
  demand(!namesDead || isToldApart, 'check.dead', `must have only statuses ${WITHOUT_PROOF}`);
  const areSuccesses = (live ?? []).every((status) => status < 300);
  demand(
    areSuccesses || isToldApart,
    'check.live',
    `must have only statuses 200 to 299 ${WITHOUT_PROOF}: a gateway may refuse every key, also with JSON`,
  );
  return {
    request: compiledRequest('check', check),
    isLive: live ? isDeclaredLive : isSuccess,
    isDead,
    /** Whether the spec names values of a dead key's answer. All other answers are then errors. */
    namesDead,
    expect: expectedIn('check.expect', expect),
    id: placeIfIn('check.id', id),
  };
}

function compiledRevoke(revoke: RevokeRequest) {
  const { gone = [404], expect } = revoke;
  const isGone = signsIn('revoke.gone', gone);
  const isAllStatuses = gone.every((sign) => typeof sign === 'number');
  // Otherwise any answer with status 200 would count as the end of the key.
  const isProven = isAllStatuses || Object.keys(expect ?? {}).length > 0;
  demand(isProven, 'revoke.expect', 'is required if "revoke.gone" has values of an answer');
  return {
    request: compiledRequest('revoke', revoke),
    isGone,
    expect: expectedIn('revoke.expect', expect),
  };
}

function namedBy({ key, id, admin }: ApiKeySpec, requests: readonly CompiledRequest[]): Named {
  const all = requests.flatMap(({ placeholders }) => placeholders).filter((part) => 'field' in part);
  const fieldsOf = (of: string) => all.flatMap((part) => (part.of === of ? part.field : []));
  const servers = all.flatMap((part) => (part.isServer ? part.field : []));
  for (const server of servers) {
    demand(server !== key && server !== id, 'key', 'must not be the URL of a server');
  }
  const inHeaders = (of: string) =>
    all.flatMap((part) => (part.of === of && part.isInHeader ? part.field : []));
  const own = [key, id, admin, ...fieldsOf('secret')].filter((field) => typeof field === 'string');
  return {
    fields: [...new Set(own)],
    servers: [...new Set(servers)],
    ofAdmin: [...new Set(fieldsOf('admin'))],
    inHeaders: { secret: inHeaders('secret'), admin: inHeaders('admin') },
  };
}

function assertPlaceholders(spec: ApiKeySpec, requests: readonly CompiledRequest[]): void {
  for (const { name, placeholders } of requests) {
    const alien = placeholders.find(({ of }) => !PARTS[name].includes(of));
    demand(alien === undefined, name, `must not have placeholders for ${alien?.of}`);
  }
  const { create, admin } = spec;
  const inCreate = partsOf('create', requests);
  const currents = inCreate.filter((part) => part.of === 'current');
  const areWhole = currents.every(({ isWhole }) => isWhole);
  demand(areWhole, 'create.json', 'may have {current:…} only as a whole string');
  const lifetimes = inCreate.filter(isOfLifetime);
  const areInJson = lifetimes.every(({ isWhole }) => isWhole);
  demand(
    areInJson,
    'create',
    'may have {current.lifetime} and {current.expiry} only in "json", as whole strings',
  );
  const isAsked = create.current !== undefined;
  const takesLifetime = lifetimes.length > 0;
  demand(
    (currents.length > 0 || takesLifetime) === isAsked,
    'create.current',
    'is required with {current:…}, {current.lifetime} or {current.expiry}, and not allowed without',
  );
  const hasLifetime = create.current?.until !== undefined;
  demand(
    takesLifetime === hasLifetime,
    'create.current.until',
    'is required with {current.lifetime} or {current.expiry}, and not allowed without',
  );
  const expires = create.expiresInDays;
  const hasDays = Number.isInteger(expires) && Number(expires) >= 1 && Number(expires) <= 3650;
  demand(
    expires === undefined || hasDays,
    'create.expiresInDays',
    'must be a whole number of days from 1 to 3650',
  );
  const usesDate = inCreate.some(({ of }) => of === 'expiry.date');
  demand(
    usesDate === hasDays,
    'create.expiresInDays',
    'is required with {expiry.date}, and not allowed without',
  );
  demand(
    requests.some(isByAdmin) === (admin !== undefined),
    'admin',
    'is required with {admin.…}, and not allowed without',
  );
}

/** Asserts that each request is made with the right credential. */
function assertOwners(spec: ApiKeySpec, requests: readonly CompiledRequest[]): void {
  const isWithKey = (name: CompiledRequest['name']) =>
    partsOf(name, requests).some((part) => part.of === 'secret' && part.field === spec.key);
  for (const name of ['login', 'adminLogin'] as const) {
    const isUsed = requests.some(({ placeholders }) => placeholders.some(({ of }) => of === `${name}.token`));
    demand(
      isUsed === (spec[name] !== undefined),
      name,
      `is required with {${name}.token}, and not allowed without`,
    );
  }
  demand(!spec.login || isWithKey('login'), 'login', 'must send the key');
  const isOfAdmin = partsOf('adminLogin', requests).some(({ of }) => of === 'admin');
  demand(!spec.adminLogin || isOfAdmin, 'adminLogin', 'must have {admin.…}');
  const isByLogin = partsOf('check', requests).some(({ of }) => of === 'login.token');
  demand(isByLogin || isWithKey('check'), 'check', 'must send the key, or {login.token}');
}

/** The rotator finds leftovers by their names, and ends them by their ids. */
function assertFindable(
  { list, ownsEveryKey = false }: ApiKeySpec,
  requests: readonly CompiledRequest[],
): void {
  const isNamed = partsOf('create', requests).some(({ of }) => of === 'key.name');
  demand(ownsEveryKey || isNamed, 'create', 'must have {key.name}: it marks leftovers');
  demand(!ownsEveryKey || list.createdAt !== undefined, 'list.createdAt', 'is required with "ownsEveryKey"');
  demand(ownsEveryKey || list.name !== undefined, 'list.name', 'is required without "ownsEveryKey"');
  for (const { name, placeholders } of requests) {
    const hasId = name !== 'revoke' || placeholders.some(({ of }) => of === 'key.id');
    demand(hasId, 'revoke', 'must have {key.id}');
  }
}

function partsOf(
  name: CompiledRequest['name'],
  requests: readonly CompiledRequest[],
): readonly Placeholder[] {
  return requests.flatMap((request) => (request.name === name ? request.placeholders : []));
}

function assertSecret(
  { key, id, admin, text = false, shows = [], create }: ApiKeySpec,
  { fields, servers }: Named,
  requests: readonly CompiledRequest[],
): void {
  demand(key !== id, 'id', 'must not be the field with the key');
  demand(
    typeof id === 'string' || !takesWholeKeys(id),
    'id',
    'must not find the whole key: messages show what its first group finds',
  );
  demand(!shows.includes(key), 'shows', 'must not have the key');
  const copied = Object.keys(create.copies ?? {});
  const isCopied = (field: unknown) => copied.some((copy) => copy === field);
  demand(copied.every(isText), 'create.copies', 'must have field names');
  demand(![key, id, admin].some(isCopied), 'create.copies', 'must not have the key, its id or "admin"');
  // AWSPENDING's value may differ from AWSCURRENT's: the request would act for somebody else.
  const isSafe = requests.every(
    ({ name, placeholders }) =>
      name === 'check' ||
      name === 'login' ||
      !placeholders.some((part) => part.of === 'secret' && isCopied(part.field)),
  );
  const isPlaced = isSafe && !servers.some(isCopied);
  demand(
    isPlaced,
    'create.copies',
    'must not have a field that any request except "check" and "login" holds',
  );
  const shown = Object.entries(create.copies ?? {}).filter(([field]) => shows.includes(field));
  const showsKey = shown.some(([, pointer]) => pointer === create.key);
  demand(!showsKey, 'shows', 'must not have a copy of the key');
  const isFound = typeof id !== 'string';
  demand(isFound || !text, 'text', 'needs an "id" that is a pattern: plain text has no other field');
  demand(!isFound || !(id.global || id.sticky), 'id', 'must not have the flag "g" or "y"');
  const isAlone = fields.length === 1 && servers.length === 0 && copied.length === 0;
  demand(isAlone || !text, 'text', 'allows no field except the key: plain text has no other');
}
