import type { Dialect, ServedKey } from './provider-server.js';

export const GITLAB_ADMIN = 'glpat-adm-5Tq8wZr2vXn9';
/** Who owns the tokens of the model: anybody else's are not there. */
const GITLAB_OWNERS = ['/projects/17', '/groups/4'];
const LONGEST_DAYS = 365;

/** GitLab's access tokens of projects and groups, as its API reference has them. */
export const gitlabDialect: Dialect = ({ method, url, header, body }, keys) => {
  const path = url.pathname.replace(/^\/api\/v4/, '');
  const asker = header('private-token');
  if (path === '/personal_access_tokens/self') {
    const token = keys.shown(asker);
    const isAccepted = token && (isActive(token) || !token.isLive);
    return isAccepted ? [200, { ...shown(token), active: true }] : [401, { message: '401 Unauthorized' }];
  }
  if (asker !== GITLAB_ADMIN) return [401, { message: '401 Unauthorized' }];
  const [, owner = '', id] = /^(\/\w+\/\d+)\/access_tokens(?:\/(\d+))?$/.exec(path) ?? [];
  if (!GITLAB_OWNERS.includes(owner)) return [404, { message: '404 Not Found' }];
  const own = keys.all.filter(({ traits, isHidden }) => traits.owner === owner && !isHidden);
  const one = own.find((token) => token.id === id);
  if (id !== undefined && !one) return [404, { message: '404 Not Found' }];
  if (one && method === 'GET') return [200, shown(one)];
  if (one && method === 'DELETE') {
    // Its bot user is gone with it.
    return keys.end(id) ? [204] : [400, { message: '400 Bad request - Failed to find bot user' }];
  }
  if (method === 'GET') {
    const state = url.searchParams.get('state');
    const listed = own.filter((token) => state === null || isActive(token) === (state === 'active'));
    const size = Math.min(Number(url.searchParams.get('per_page') ?? 20), 100);
    const from = (Number(url.searchParams.get('page') ?? 1) - 1) * size;
    return [200, listed.slice(from, from + size).map(shown)];
  }
  const { name, scopes, access_level, expires_at } = body;
  if (typeof name !== 'string' || !Array.isArray(scopes)) return [400, { message: 'scopes is missing' }];
  const days = (Date.parse(String(expires_at)) - Date.now()) / 86_400_000;
  if (!(days > 0 && days <= LONGEST_DAYS)) return [400, { message: '400 Bad request - Expires at' }];
  const token = keys.issue(name, { owner, scopes, access_level, expires_at });
  return [201, { ...shown(token), token: token.key }];
};

/** A token ends at midnight UTC of the day of `expires_at`. */
function isActive({ isLive, traits: { expires_at } }: ServedKey): boolean {
  return isLive && !(Date.parse(`${expires_at}T00:00:00Z`) <= Date.now());
}

function shown(token: ServedKey) {
  const { id, name, createdAt, isLive, traits } = token;
  const { scopes, access_level, expires_at = null } = traits;
  return {
    id: Number(id),
    name,
    ...{ scopes, access_level, expires_at },
    created_at: createdAt.toISOString(),
    active: isActive(token),
    revoked: !isLive,
    user_id: 166,
  };
}
