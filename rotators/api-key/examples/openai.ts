import type { ApiKeySpec } from '../index.js';

/**
 * OpenAI, a service account of a project for each key. The secret: `apiKey`, `serviceAccountId`, `projectId`,
 * `adminSecretArn`; the administrator's: `apiKey`, an admin key.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://platform.openai.com/docs/api-reference/project-service-accounts
 */
export function openai(url = 'https://api.openai.com'): ApiKeySpec {
  const headers = { authorization: 'Bearer {admin.apiKey}' };
  const accounts = `${url}/v1/organization/projects/{projectId}/service_accounts`;
  return {
    name: 'openai',
    key: 'apiKey',
    id: 'serviceAccountId',
    admin: 'adminSecretArn',
    shows: ['projectId'],
    create: {
      method: 'POST',
      url: accounts,
      headers,
      json: { name: '{key.name}' },
      key: '/api_key/value',
      id: '/id',
    },
    check: { url: `${url}/v1/models`, headers: { authorization: 'Bearer {apiKey}' } },
    list: {
      url: `${accounts}?limit=100`,
      headers,
      items: '/data',
      id: '/id',
      name: '/name',
      createdAt: '/created_at',
      pages: { parameter: 'after', next: '/last_id' },
    },
    revoke: { method: 'DELETE', url: `${accounts}/{key.id}`, headers, expect: { '/deleted': true } },
  };
}
