import type { ApiKeySpec } from '../index.js';

/**
 * Cloudflare, a token that an account owns. The secret: `apiToken`, `apiTokenId`, `accountId`, `adminSecretArn`; the
 * administrator's: `apiToken`, with the permission Account API Tokens Write.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://developers.cloudflare.com/api/resources/accounts/subresources/tokens/
 */
export function cloudflare(url = 'https://api.cloudflare.com', lifetimeDays?: number): ApiKeySpec {
  const headers = { authorization: 'Bearer {admin.apiToken}' };
  const tokens = `${url}/client/v4/accounts/{accountId}/tokens`;
  return {
    name: 'cloudflare',
    key: 'apiToken',
    id: 'apiTokenId',
    admin: 'adminSecretArn',
    shows: ['accountId'],
    create: {
      method: 'POST',
      url: tokens,
      headers,
      // Without lifetimeDays, the next token lives as long as the one in use was made to.
      current: {
        ...{ url: `${tokens}/{apiTokenId}`, headers },
        ...(lifetimeDays === undefined && { from: '/result/issued_on', until: '/result/expires_on' }),
      },
      json: {
        name: '{key.name}',
        policies: '{current:/result/policies}',
        condition: '{current?:/result/condition}',
        not_before: '{current?:/result/not_before}',
        expires_on: lifetimeDays === undefined ? '{current.expiry}' : '{expiry.date}T00:00:00Z',
      },
      ...(lifetimeDays !== undefined && { expiresInDays: lifetimeDays }),
      key: '/result/value',
      id: '/result/id',
    },
    check: {
      url: `${tokens}/verify`,
      headers: { authorization: 'Bearer {apiToken}' },
      expect: { '/result/status': 'active' },
      id: '/result/id',
    },
    list: {
      url: `${tokens}?per_page=50`,
      headers,
      items: '/result',
      id: '/id',
      name: '/name',
      createdAt: '/issued_on',
      expiresAt: '/expires_on',
      pages: { parameter: 'page', first: 1 },
    },
    revoke: { method: 'DELETE', url: `${tokens}/{key.id}`, headers, expect: { '/success': true } },
    // https://developers.cloudflare.com/fundamentals/api/reference/limits/
    maxKeys: 500,
  };
}
