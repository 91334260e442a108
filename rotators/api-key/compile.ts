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

/** A spec as functions: what makes its requests, of values, and what reads their answers. */
export type CompiledSpec = ReturnType<typeof compile>;

/** A request may be made with the right of either. */
const BY_ANY = ['secret', 'admin', 'login.token', 'adminLogin.token'] as const;

/** What each request may hold, in addition to the fields of the two secrets. */
const PARTS: Readonly<Record<CompiledRequest['name'], readonly Placeholder['of'][]>> = {
  login: ['secret'],
  adminLogin: ['secret', 'admin'],
  create: [...BY_ANY, 'key.name', 'expiry.date', 'current', 'current.lifetime', 'current.expiry'],
  'create.current': BY_ANY,
  'create.second': [...BY_ANY, 'key.name', 'key.id'],
  // With an administrator's right the check would prove nothing of the key.
  check: ['secret', 'login.token'],
  list: BY_ANY,
  revoke: [...BY_ANY, 'key.id'],
};

/**
 * Checks a spec and compiles it, once: no request and no answer needs its text again.
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
  demand(key !== id, 'create.id', 'must be another place than the key’s: messages show the id');
  const second = compiledSecond(create.second);
  const isInOne = !second?.hasKey || key === undefined;
  demand(isInOne, 'create.second.key', 'must not stand beside "create.key"');
  return {
    request,
    second,
    /** Those that make a key. */
    requests: second ? [request, second.request] : [request],
    copies: copiesIn(create.copies),
    current: current === undefined ? undefined : compiledRequest('create.current', current),
    /** Where the key in use is, in a list of all. */
    item: itemIn(current),
    lifetime: lifetimeIn(current, timeZone),
    /** In the answer to `second`, if that has it. */
    key: second?.hasKey ? placeIn('create.second.key', create.second?.key) : placeIn('create.key', key),
    id: placeIn('create.id', id),
    /** What the next key takes from the one in use. */
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
    demand(isNeither, 'create.current', 'must have "items" and "id", or neither');
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
    'must have "from" and "until", or neither',
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
  demand(!namesDead || isToldApart, 'check.dead', `must have statuses alone, ${WITHOUT_PROOF}`);
  const areSuccesses = (live ?? []).every((status) => status < 300);
  demand(
    areSuccesses || isToldApart,
    'check.live',
    `must have successes alone, ${WITHOUT_PROOF}: a gateway refuses with JSON too`,
  );
  return {
    request: compiledRequest('check', check),
    isLive: live ? isDeclaredLive : isSuccess,
    isDead,
    /** Whether what a dead key’s answer holds is said, so that what is not said tells nothing. */
    namesDead,
    expect: expectedIn('check.expect', expect),
    id: placeIfIn('check.id', id),
  };
}

function compiledRevoke(revoke: RevokeRequest) {
  const { gone = [404], expect } = revoke;
  const isGone = signsIn('revoke.gone', gone);
  const isAllStatuses = gone.every((sign) => typeof sign === 'number');
  // Else all that is answered with 200 would be taken for the end of the key.
  const isProven = isAllStatuses || Object.keys(expect ?? {}).length > 0;
  demand(isProven, 'revoke.expect', 'must be there with what an answer holds in "revoke.gone"');
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
    demand(alien === undefined, name, `must not have placeholders of ${alien?.of}`);
  }
  const { create, admin } = spec;
  const inCreate = partsOf('create', requests);
  const currents = inCreate.filter((part) => part.of === 'current');
  const areWhole = currents.every(({ isWhole }) => isWhole);
  demand(areWhole, 'create.json', 'may have {current:…} as a whole string');
  const lifetimes = inCreate.filter(isOfLifetime);
  const areInJson = lifetimes.every(({ isWhole }) => isWhole);
  demand(areInJson, 'create', 'may have {current.lifetime} and {current.expiry} in "json" alone');
  const isAsked = create.current !== undefined;
  const takesLifetime = lifetimes.length > 0;
  demand(
    (currents.length > 0 || takesLifetime) === isAsked,
    'create.current',
    'must be there with {current:…}, {current.lifetime} or {current.expiry}, and only then',
  );
  const hasLifetime = create.current?.until !== undefined;
  demand(
    takesLifetime === hasLifetime,
    'create.current.until',
    'must be there with {current.lifetime} or {current.expiry}, and only then',
  );
  const expires = create.expiresInDays;
  const hasDays = Number.isInteger(expires) && Number(expires) >= 1 && Number(expires) <= 3650;
  demand(expires === undefined || hasDays, 'create.expiresInDays', 'must be a number of days');
  const usesDate = inCreate.some(({ of }) => of === 'expiry.date');
  demand(usesDate === hasDays, 'create.expiresInDays', 'must be there with {expiry.date}');
  demand(
    requests.some(isByAdmin) === (admin !== undefined),
    'admin',
    'must be there with {admin.…}, and only then',
  );
}

/** Whose right each request is made with. */
function assertOwners(spec: ApiKeySpec, requests: readonly CompiledRequest[]): void {
  const isWithKey = (name: CompiledRequest['name']) =>
    partsOf(name, requests).some((part) => part.of === 'secret' && part.field === spec.key);
  for (const name of ['login', 'adminLogin'] as const) {
    const isUsed = requests.some(({ placeholders }) => placeholders.some(({ of }) => of === `${name}.token`));
    demand(isUsed === (spec[name] !== undefined), name, `must be there with {${name}.token}, and only then`);
  }
  demand(!spec.login || isWithKey('login'), 'login', 'must be made with the key');
  const isOfAdmin = partsOf('adminLogin', requests).some(({ of }) => of === 'admin');
  demand(!spec.adminLogin || isOfAdmin, 'adminLogin', 'must be made with {admin.…}');
  const isByLogin = partsOf('check', requests).some(({ of }) => of === 'login.token');
  demand(isByLogin || isWithKey('check'), 'check', 'must be made with the key');
}

/** Leftovers are found by their names, and ended by their ids. */
function assertFindable(
  { list, ownsEveryKey = false }: ApiKeySpec,
  requests: readonly CompiledRequest[],
): void {
  const isNamed = partsOf('create', requests).some(({ of }) => of === 'key.name');
  demand(ownsEveryKey || isNamed, 'create', 'must have {key.name}, since leftovers are found by it');
  demand(!ownsEveryKey || list.createdAt !== undefined, 'list.createdAt', 'must be there with ownsEveryKey');
  demand(ownsEveryKey || list.name !== undefined, 'list.name', 'must say where the name is');
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
  demand(key !== id, 'id', 'must be another field than the key');
  demand(
    typeof id === 'string' || !takesWholeKeys(id),
    'id',
    'must leave the key out: messages show what its first group finds',
  );
  demand(!shows.includes(key), 'shows', 'must not have the key');
  const copied = Object.keys(create.copies ?? {});
  const isCopied = (field: unknown) => copied.some((copy) => copy === field);
  demand(copied.every(isText), 'create.copies', 'must have names of fields');
  demand(![key, id, admin].some(isCopied), 'create.copies', 'must not have the key, its id or "admin"');
  // AWSPENDING may name another than AWSCURRENT: what it is for would be somebody else's.
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
    'must not have a field that a request holds, but for "check" and "login"',
  );
  const shown = Object.entries(create.copies ?? {}).filter(([field]) => shows.includes(field));
  const showsKey = shown.some(([, pointer]) => pointer === create.key);
  demand(!showsKey, 'shows', 'must not have a copy of the key');
  const isFound = typeof id !== 'string';
  demand(isFound || !text, 'text', 'needs an "id" that is found in the key');
  demand(!isFound || !(id.global || id.sticky), 'id', 'must not have the flag g or y');
  const isAlone = fields.length === 1 && servers.length === 0 && copied.length === 0;
  demand(isAlone || !text, 'text', 'leaves room for one field only, the key');
}
