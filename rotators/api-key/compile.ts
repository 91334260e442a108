import { takesWholeKeys } from './key-ids.js';
import { listPlaces } from './list.js';
import { isOfLifetime, type Placeholder } from './placeholders.js';
import { expectedIn, isSuccess, placeAt, placeIfIn, placeIn, timePlaceIn } from './pointers.js';
import { type CompiledRequest, compiledRequest } from './send.js';
import { assertSpec, demand } from './shape.js';
import type { ApiKeySpec, CheckRequest, CreateRequest, CurrentRequest, RevokeRequest } from './spec.js';

/** What a spec names of the secret and of the administrator's. */
export interface Named {
  readonly fields: readonly string[];
  /** Those that are URLs of servers. */
  readonly servers: readonly string[];
  readonly ofAdmin: readonly string[];
  /** Those that stand in a header as they are. */
  readonly inHeaders: Readonly<Record<'secret' | 'admin', readonly string[]>>;
}

/** A spec as functions: what makes its requests, of values, and what reads their answers. */
export type CompiledSpec = ReturnType<typeof compile>;

/** What each request may be told besides the fields of the two secrets. */
const PARTS: Readonly<Record<CompiledRequest['name'], readonly Placeholder['of'][]>> = {
  create: ['secret', 'admin', 'key.name', 'expiry.date', 'current', 'current.lifetime', 'current.expiry'],
  'create.current': ['secret', 'admin'],
  // With an administrator's right the check would prove nothing of the key.
  check: ['secret'],
  list: ['secret', 'admin'],
  revoke: ['secret', 'admin', 'key.id'],
};

/**
 * Checks a spec and compiles it, once: no request and no answer needs its text again.
 *
 * @throws TypeError that names the member, and quotes no value
 */
export function compile(spec: ApiKeySpec) {
  assertSpec(spec);
  const create = compiledCreate(spec.create, spec.timeZone);
  const check = compiledCheck(spec.check);
  const list = { request: compiledRequest('list', spec.list), places: listPlaces(spec.list, spec.timeZone) };
  const revokes = [spec.revoke].flat().map(compiledRevoke);
  const requests = [create.request, create.current, check.request, list.request]
    .filter((request) => request !== undefined)
    .concat(revokes.map(({ request }) => request));
  assertPlaceholders(spec, requests);
  assertFindable(spec, requests);
  const named = namedBy(spec, requests);
  assertSecret(spec, named);
  return { ...named, create, check, list, revokes };
}

/** Whether a request is made with the administrator's right. */
export function isByAdmin({ placeholders }: CompiledRequest): boolean {
  return placeholders.some(({ of }) => of === 'admin');
}

function compiledCreate(create: CreateRequest, timeZone: ApiKeySpec['timeZone']) {
  const request = compiledRequest('create', create);
  const { current, key, id, full, expiresInDays = 0 } = create;
  demand(key !== id, 'create.id', 'must be another place than the key’s: messages show the id');
  return {
    request,
    current: current === undefined ? undefined : compiledRequest('create.current', current),
    /** Where the key in use is, in a list of all. */
    item: itemIn(current),
    lifetime: lifetimeIn(current, timeZone),
    key: placeIn('create.key', key),
    id: placeIn('create.id', id),
    /** What the next key takes from the one in use. */
    taken: request.placeholders.flatMap((part) =>
      part.of === 'current' ? { ...placeAt(part.pointer), isOptional: part.isOptional === true } : [],
    ),
    full: expectedIn('create.full', full),
    expiresInDays,
  };
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

function compiledCheck(check: CheckRequest) {
  const { live, dead = [401], expect, id } = check;
  const isDeclaredLive = hasStatus('check.live', live === undefined ? [] : live);
  const isToldApart = id !== undefined || Object.keys(expect ?? {}).length > 0;
  const areSuccesses = (live ?? []).every((status) => status < 300);
  demand(
    areSuccesses || isToldApart,
    'check.live',
    'must have successes alone, without "check.id" or "check.expect": a gateway refuses with JSON too',
  );
  return {
    request: compiledRequest('check', check),
    isLive: live ? isDeclaredLive : isSuccess,
    isDead: hasStatus('check.dead', dead),
    expect: expectedIn('check.expect', expect),
    id: placeIfIn('check.id', id),
  };
}

function compiledRevoke(revoke: RevokeRequest) {
  const { gone = [404], expect } = revoke;
  return {
    request: compiledRequest('revoke', revoke),
    isGone: hasStatus('revoke.gone', gone),
    expect: expectedIn('revoke.expect', expect),
  };
}

/** What a server in trouble says tells nothing of a key. */
function hasStatus(
  member: string,
  statuses: readonly number[],
): (response: { readonly status: number }) => boolean {
  const isStatus = (status: number) => Number.isInteger(status) && /^[24]\d\d$/.test(String(status));
  const areStatuses = Array.isArray(statuses) && statuses.every(isStatus);
  demand(areStatuses, member, 'must be statuses: 200 to 299, or 400 to 499');
  return ({ status }) => statuses.includes(status);
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
  const { create, key, admin } = spec;
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
  const isWithKey = partsOf('check', requests).some((part) => part.of === 'secret' && part.field === key);
  demand(isWithKey, 'check', 'must be made with the key');
  demand(
    requests.some(isByAdmin) === (admin !== undefined),
    'admin',
    'must be there with {admin.…}, and only then',
  );
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

function assertSecret({ key, id, text = false, shows = [] }: ApiKeySpec, { fields, servers }: Named): void {
  demand(key !== id, 'id', 'must be another field than the key');
  demand(
    typeof id === 'string' || !takesWholeKeys(id),
    'id',
    'must leave the key out: messages show what its first group finds',
  );
  demand(!shows.includes(key), 'shows', 'must not have the key');
  const isFound = typeof id !== 'string';
  demand(isFound || !text, 'text', 'needs an "id" that is found in the key');
  demand(!isFound || !(id.global || id.sticky), 'id', 'must not have the flag g or y');
  const isAlone = fields.length === 1 && servers.length === 0;
  demand(isAlone || !text, 'text', 'leaves no room for fields besides the key');
}
