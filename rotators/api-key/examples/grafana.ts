import type { ApiKeySpec } from '../index.js';

/**
 * Grafana, a token of a service account. The secret: `token`, `tokenId`, `grafanaUrl`, `serviceAccountId`,
 * `adminSecretArn`; the administrator's: `token`, with the permission `serviceaccounts:write`, and the same `grafanaUrl`.
 * The service account must have the role Viewer or more, or the permission `orgs:read`: 403 proves no token.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://grafana.com/docs/grafana/latest/developers/http_api/serviceaccount/
 */
export function grafana(lifetimeDays?: number): ApiKeySpec {
  const headers = { authorization: 'Bearer {admin.token}' };
  const tokens = '{grafanaUrl}/api/serviceaccounts/{serviceAccountId}/tokens';
  return {
    name: 'grafana',
    key: 'token',
    id: 'tokenId',
    admin: 'adminSecretArn',
    shows: ['serviceAccountId'],
    create: {
      method: 'POST',
      url: tokens,
      headers,
      // Without lifetimeDays, as long as the token in use was made to live.
      ...(lifetimeDays === undefined && {
        current: { url: tokens, headers, items: '', id: '/id', from: '/created', until: '/expiration' },
      }),
      json: {
        name: '{key.name}',
        secondsToLive: lifetimeDays === undefined ? '{current.lifetime}' : lifetimeDays * 86_400,
      },
      key: '/key',
      id: '/id',
    },
    check: { url: '{grafanaUrl}/api/org', headers: { authorization: 'Bearer {token}' } },
    list: {
      url: tokens,
      headers,
      items: '',
      id: '/id',
      name: '/name',
      createdAt: '/created',
      expiresAt: '/expiration',
      pages: 'one',
    },
    revoke: { method: 'DELETE', url: `${tokens}/{key.id}`, headers },
  };
}
