import type { KeyTimes, Rotator } from '../../../src/index.js';
import { type ApiKeySecret, apiKey } from '../index.js';

export interface DatadogOptions extends KeyTimes {
  /** URL of the API of the organization's site, such as `https://api.datadoghq.eu`. @default 'https://api.datadoghq.com' */
  readonly url?: string;
  /** How long Datadog may still refuse a new key, in milliseconds; testSecret keeps asking meanwhile. @default 10000 */
  readonly propagationMs?: number | undefined;
  /**
   * Most API keys of the organization. If it already has as many, AWSPREVIOUS's key ends before the next one is made.
   *
   * @default 50, as https://docs.datadoghq.com/account_management/api-app-keys/ has it
   */
  readonly maxKeys?: number;
}

/**
 * Rotates a Datadog API key. The secret's JSON has the fields of AWS's type DatadogApiKey, `apiKey` and `apiKeyId`, and
 * also `adminSecretArn`, the ARN of a secret with the fields of DatadogAdminKey: `adminApiKey` and `adminAppKey`.
 *
 * The application key needs the scopes `api_keys_read`, `api_keys_write` and `api_keys_delete`. Datadog's
 * validation does not return a key's id, so the rotator cannot check `apiKeyId`.
 *
 * @see https://docs.datadoghq.com/api/latest/key-management/
 */
export function datadog(options: DatadogOptions = {}): Rotator<ApiKeySecret, string> {
  const { url = 'https://api.datadoghq.com', propagationMs = 10_000, maxKeys = 50, settleMs, ends } = options;
  const headers = { 'dd-api-key': '{admin.adminApiKey}', 'dd-application-key': '{admin.adminAppKey}' };
  const keys = `${url}/api/v2/api_keys`;
  return apiKey({
    name: 'datadog',
    key: 'apiKey',
    id: 'apiKeyId',
    admin: 'adminSecretArn',
    create: {
      method: 'POST',
      url: keys,
      headers,
      current: { url: `${keys}/{apiKeyId}`, headers },
      json: {
        data: {
          type: 'api_keys',
          attributes: {
            name: '{key.name}',
            category: '{current?:/data/attributes/category}',
            remote_config_read_enabled: '{current?:/data/attributes/remote_config_read_enabled}',
          },
        },
      },
      key: '/data/attributes/key',
      id: '/data/id',
    },
    check: {
      url: `${url}/api/v1/validate`,
      headers: { 'dd-api-key': '{apiKey}' },
      dead: [401, 403],
      expect: { '/valid': true },
    },
    list: {
      url: `${keys}?page[size]=100`,
      headers,
      items: '/data',
      id: '/id',
      name: '/attributes/name',
      createdAt: '/attributes/created_at',
      pages: { parameter: 'page[number]', first: 0 },
    },
    revoke: { method: 'DELETE', url: `${keys}/{key.id}`, headers },
    ...{ propagationMs, settleMs, ends },
    maxKeys,
  });
}
