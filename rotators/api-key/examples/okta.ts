import type { ApiKeySpec } from '../index.js';

/**
 * Okta, a client secret of an app that nobody else adds secrets to, since they have no names, and of two at most. The
 * secret: `clientSecret`, `clientSecretId`, `clientId`, `oktaUrl`, `authorizationServerId` (such as `default`), `scope` (one
 * of that server's own), `adminSecretArn`; the administrator's: `token` and the same `oktaUrl`. AWSPREVIOUS's secret ends
 * when the next is made. Okta's own authorization server, at `/oauth2/v1/token`, takes no client secret for client
 * credentials, so the check needs a custom one.
 *
 * Written from the documentation, and not verified against the provider: try it on a test account first.
 *
 * @see https://developer.okta.com/docs/guides/client-secret-rotation-key/main/
 * @see https://developer.okta.com/docs/guides/implement-client-creds/use-flow/
 */
export function okta(): ApiKeySpec {
  const headers = { authorization: 'SSWS {admin.token}' };
  const secrets = '{oktaUrl}/api/v1/apps/{clientId}/credentials/secrets';
  return {
    name: 'okta',
    key: 'clientSecret',
    id: 'clientSecretId',
    admin: 'adminSecretArn',
    shows: ['clientId'],
    create: { method: 'POST', url: secrets, headers, json: {}, key: '/client_secret', id: '/id' },
    check: {
      method: 'POST',
      url: '{oktaUrl}/oauth2/{authorizationServerId}/v1/token',
      basic: ['{clientId}', '{clientSecret}'],
      form: { grant_type: 'client_credentials', scope: '{scope}' },
    },
    list: { url: secrets, headers, items: '', id: '/id', createdAt: '/created', pages: 'one' },
    revoke: [
      { method: 'POST', url: `${secrets}/{key.id}/lifecycle/deactivate`, headers },
      { method: 'DELETE', url: `${secrets}/{key.id}`, headers },
    ],
    ownsEveryKey: true,
    // https://developer.okta.com/docs/guides/client-secret-rotation-key/main/
    maxKeys: 2,
  };
}
