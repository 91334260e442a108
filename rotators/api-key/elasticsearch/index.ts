import { checkedLifetimeDays, type KeyTimes, LIFETIME_OPTION, type Rotator } from '../../../src/index.js';
import { type ApiKeySecret, apiKey } from '../index.js';
import { lifetime } from './lifetime.js';

export interface ElasticsearchOptions extends KeyTimes {
  /**
   * Lifetime of a new key, in days: 1 to 3650. Set at least twice the days between rotations, better three times, because
   * AWSPREVIOUS is in use too.
   *
   * @default the lifetime of the key in use; no end if that has none
   */
  readonly lifetimeDays?: number | undefined;
  /** Certificate authorities, in PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}

/**
 * Rotates an API key of Elasticsearch 8.5 or later. The secret: `apiKey` (`encoded` in Elasticsearch's words, as its clients
 * take it), `apiKeyId`, `url` (https://host:port) and `adminSecretArn`, the ARN of a secret with `username`, `password`
 * and the same `url`.
 *
 * That user needs the cluster privilege `manage_own_api_key`, and must own the key: a key has no more rights than its owner.
 * The new key has the old one's role descriptors; without any, it has the rights that the owner has by then. A key cannot make
 * such a key itself: the new key would have no rights.
 *
 * @throws TypeError if `lifetimeDays` is invalid
 *
 * @see https://www.elastic.co/docs/api/doc/elasticsearch/group/endpoint-security
 */
export function elasticsearch(options: ElasticsearchOptions = {}): Rotator<ApiKeySecret, string> {
  const { ca, lifetimeDays, propagationMs, settleMs, ends } = options;
  const days = checkedLifetimeDays(lifetimeDays, lifetime);
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
      current: {
        url: `${keys}?id={apiKeyId}&owner=true`,
        basic,
        ...(days === undefined && { from: '/api_keys/0/creation', until: '/api_keys/0/expiration' }),
      },
      json: {
        name: '{key.name}',
        role_descriptors: '{current:/api_keys/0/role_descriptors}',
        metadata: '{current?:/api_keys/0/metadata}',
        expiration: days === undefined ? '{current.lifetime}s' : `${days}d`,
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
      expiresAt: '/expiration',
      // Elasticsearch lists an invalidated key for another week.
      where: { '/invalidated': false },
      pages: 'one',
    },
    revoke: {
      method: 'DELETE',
      url: keys,
      basic,
      json: { ids: ['{key.id}'], owner: true },
      expect: { '/error_count': 0 },
    },
    lifetimeOption: LIFETIME_OPTION,
    ...{ propagationMs, settleMs, ends },
    ...(ca !== undefined && { ca }),
  });
}
