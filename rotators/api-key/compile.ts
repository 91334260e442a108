import { type Placeholder, placeholdersOf, serverFieldOf, textsOf } from './placeholders.js';
import { assertShape, demand, requestsOf } from './shape.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

/** What a spec names of the secret and of the administrator's. */
export interface Named {
  readonly fields: readonly string[];
  /** Those that are URLs of servers. */
  readonly servers: readonly string[];
  readonly ofAdmin: readonly string[];
}

/** What each request may be told besides the fields of the two secrets. */
const PARTS: Readonly<Record<string, readonly Placeholder['of'][]>> = {
  create: ['secret', 'admin', 'key.name', 'expiry.date', 'current'],
  'create.current': ['secret', 'admin'],
  // With an administrator's right the check would prove nothing of the key.
  check: ['secret'],
  list: ['secret', 'admin'],
  revoke: ['secret', 'admin', 'key.id'],
};

/**
 * Checks a spec, and says what it names.
 *
 * @throws TypeError that names the member, and quotes no value
 */
export function checkedSpec(spec: ApiKeySpec): Named {
  assertShape(spec);
  assertParts(spec);
  assertFindable(spec);
  const requests = requestsOf(spec);
  const servers = [...new Set(requests.flatMap(([, { url }]) => serverFieldOf(url) ?? []))];
  for (const server of servers) {
    demand(server !== spec.key && server !== spec.id, 'key', 'must not be the URL of a server');
  }
  const all = requests.flatMap(([, request]) => partsOf(request));
  const fieldsOf = (of: string) =>
    all.flatMap((part) => ('field' in part && part.of === of ? part.field : []));
  const own = [spec.key, spec.id, spec.admin, ...fieldsOf('secret')].filter(
    (field) => typeof field === 'string',
  );
  const named = { fields: [...new Set(own)], servers, ofAdmin: [...new Set(fieldsOf('admin'))] };
  assertSecret(spec, named);
  return named;
}

/** Whether a request is made with the administrator's right. */
export function isByAdmin(request: ApiRequest): boolean {
  return partsOf(request).some(({ of }) => of === 'admin');
}

function partsOf(request: ApiRequest): readonly Placeholder[] {
  return textsOf(request)
    .flatMap(placeholdersOf)
    .filter((placeholder) => placeholder !== undefined);
}

function assertParts(spec: ApiKeySpec): void {
  for (const [path, request] of requestsOf(spec)) {
    const alien = partsOf(request).find(({ of }) => !PARTS[path]?.includes(of));
    demand(alien === undefined, path, `must not have placeholders of ${alien?.of}`);
  }
  const { create, check, key, admin } = spec;
  const inCreate = partsOf(create).map(({ of }) => of);
  const inJson = create.json === undefined ? [] : partsOf({ url: '', json: create.json });
  const currents = inCreate.filter((of) => of === 'current').length;
  const inWhole = inJson.filter(({ of }) => of === 'current').length;
  demand(
    currents === inWhole && isWhole(create.json),
    'create.json',
    'may have {current:…} as a whole string',
  );
  demand(currents > 0 === (create.current !== undefined), 'create.current', 'must be there with {current:…}');
  const expires = create.expiresInDays;
  const hasDays = Number.isInteger(expires) && Number(expires) >= 1 && Number(expires) <= 3650;
  demand(expires === undefined || hasDays, 'create.expiresInDays', 'must be a number of days');
  const usesDate = inCreate.includes('expiry.date');
  demand(usesDate === hasDays, 'create.expiresInDays', 'must be there with {expiry.date}');
  const isWithKey = partsOf(check).some((part) => part.of === 'secret' && part.field === key);
  demand(isWithKey, 'check', 'must be made with the key');
  const byAdmin = requestsOf(spec).some(([, request]) => isByAdmin(request));
  demand(byAdmin === (admin !== undefined), 'admin', 'must be there with {admin.…}, and only then');
}

/** Leftovers are found by their names, and ended by their ids. */
function assertFindable({ create, list, revoke, ownsEveryKey = false }: ApiKeySpec): void {
  const isNamed = partsOf(create).some(({ of }) => of === 'key.name');
  demand(ownsEveryKey || isNamed, 'create', 'must have {key.name}, since leftovers are found by it');
  demand(!ownsEveryKey || list.createdAt !== undefined, 'list.createdAt', 'must be there with ownsEveryKey');
  demand(ownsEveryKey || list.name !== undefined, 'list.name', 'must say where the name is');
  for (const request of [revoke].flat()) {
    const hasId = partsOf(request).some(({ of }) => of === 'key.id');
    demand(hasId, 'revoke', 'must have {key.id}');
  }
}

function assertSecret({ key, id, text = false, shows = [] }: ApiKeySpec, { fields, servers }: Named): void {
  demand(key !== id, 'id', 'must be another field than the key');
  demand(!shows.includes(key), 'shows', 'must not have the key');
  const isFound = typeof id !== 'string';
  demand(isFound || !text, 'text', 'needs an "id" that is found in the key');
  demand(!isFound || !(id.global || id.sticky), 'id', 'must not have the flag g or y');
  const isAlone = fields.length === 1 && servers.length === 0;
  demand(isAlone || !text, 'text', 'leaves no room for fields besides the key');
}

function isWhole(json: unknown): boolean {
  if (typeof json === 'string') return !json.includes('{current:') || /^\{current:[^{}]*\}$/.test(json);
  return typeof json !== 'object' || json === null || Object.values(json).every(isWhole);
}
