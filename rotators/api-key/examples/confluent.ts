import type { ApiKeySpec } from '../index.js';

/**
 * Confluent Cloud, a key of a service account for cloud resources. The secret is that of AWS's type ConfluentCloudApiKey
 * (`apiKey`, which is the id, `apiSecret`, `serviceAccountId`), and `adminSecretArn`; the administrator's: `apiKey` and
 * `apiSecret`. The service account must have a role with which it may list environments: 403 proves no key.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://docs.confluent.io/cloud/current/api.html
 */
export function confluent(url = 'https://api.confluent.cloud'): ApiKeySpec {
  const basic = ['{admin.apiKey}', '{admin.apiSecret}'] as const;
  const keys = `${url}/iam/v2/api-keys`;
  return {
    name: 'confluent',
    key: 'apiSecret',
    id: 'apiKey',
    admin: 'adminSecretArn',
    shows: ['serviceAccountId'],
    create: {
      method: 'POST',
      url: keys,
      basic,
      json: {
        spec: {
          display_name: '{key.name}',
          owner: { id: '{serviceAccountId}' },
          resource: { id: 'cloud', api_version: 'iam/v2', kind: 'Cloud' },
        },
      },
      key: '/spec/secret',
      id: '/id',
    },
    check: { url: `${url}/org/v2/environments`, basic: ['{apiKey}', '{apiSecret}'] },
    list: {
      url: `${keys}?spec.owner={serviceAccountId}&page_size=100`,
      basic,
      items: '/data',
      id: '/id',
      name: '/spec/display_name',
      createdAt: '/metadata/created_at',
      pages: { parameter: 'page_token', next: '/metadata/next' },
    },
    revoke: { method: 'DELETE', url: `${keys}/{key.id}`, basic },
    propagationMs: 60_000,
    // How many a service account may have is a quota, which can be raised: 402 says that it is reached.
    // https://docs.confluent.io/cloud/current/quotas/service-quotas.html
    maxKeys: 'until-full',
  };
}
