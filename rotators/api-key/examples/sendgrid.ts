import type { ApiKeySpec } from '../index.js';

/**
 * SendGrid, a key that may manage keys itself. The secret is the key alone, as plain text. The next key has the scopes of the
 * one in use. The list has no times: what a rotation that was given up has left behind is not found.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://www.twilio.com/docs/sendgrid/api-reference/api-keys
 */
export function sendgrid(url = 'https://api.sendgrid.com'): ApiKeySpec {
  const headers = { authorization: 'Bearer {apiKey}' };
  const keys = `${url}/v3/api_keys`;
  return {
    name: 'sendgrid',
    key: 'apiKey',
    id: /^SG\.([\w-]+)\.[\w-]+$/,
    text: true,
    create: {
      method: 'POST',
      url: keys,
      headers,
      current: { url: `${url}/v3/scopes`, headers },
      json: { name: '{key.name}', scopes: '{current:/scopes}' },
      key: '/api_key',
      id: '/api_key_id',
    },
    check: { url: `${url}/v3/scopes`, headers },
    list: { url: keys, headers, items: '/result', id: '/api_key_id', name: '/name', pages: 'one' },
    revoke: { method: 'DELETE', url: `${keys}/{key.id}`, headers },
    // https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    maxKeys: 100,
  };
}
