import type { Rotator } from '../../../src/index.js';
import { type ApiKeySecret, apiKey } from '../index.js';

export interface ElasticsearchOptions {
  /** When a new key expires, in Elasticsearch's words: `90d`. @default never */
  readonly expiration?: string;
  /** Certificate authorities, PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}

/**
 * Rotates an API key of Elasticsearch 8.5 or later. The secret: `apiKey` (`encoded` in Elasticsearch's words, as its clients
 * take it), `apiKeyId`, `url` (https://host:port) and `adminSecretArn`, the ARN of a secret with `username`, `password`
 * and the same `url`.
 *
 * That user needs the cluster privilege `manage_own_api_key`, and must be the owner of the key: what a key may do is limited
 * by what its owner may. The new key has the old one's role descriptors; without any, it has the rights that the owner
 * has by then. A key cannot make such a key itself: it would have no rights.
 *
 * @see https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security
 */
export function elasticsearch({ expiration, ca }: ElasticsearchOptions = {}): Rotator<ApiKeySecret, string> {
  const basic = ['{admin.username}', '{admin.password}'] as const;
  const keys = '{url}/_security/api_key';
  return apiKey({
    name: 'elasticsearch',
    key: 'apiKey',
    id: 'apiKeyId',
    admin: 'adminSecretArn',
    create: {
      method: 'POST',
      url: keys,
      basic,
      current: { url: `${keys}?id={apiKeyId}&owner=true`, basic },
      json: {
        name: '{key.name}',
        role_descriptors: '{current:/api_keys/0/role_descriptors}',
        ...(expiration !== undefined && { expiration }),
      },
      key: '/encoded',
      id: '/id',
    },
    check: {
      url: '{url}/_security/_authenticate',
      headers: { authorization: 'ApiKey {apiKey}' },
      expect: { '/authentication_type': 'api_key' },
      id: '/api_key/id',
    },
    list: {
      url: `${keys}?owner=true`,
      basic,
      items: '/api_keys',
      id: '/id',
      name: '/name',
      createdAt: '/creation',
      // What has been invalidated is shown for a week.
      where: { '/invalidated': false },
    },
    revoke: {
      method: 'DELETE',
      url: keys,
      basic,
      json: { ids: ['{key.id}'], owner: true },
      expect: { '/error_count': 0 },
    },
    ...(ca !== undefined && { ca }),
  });
}
