import { RotationError, type StepContext } from '../../src/index.js';
import type { EntraCloud } from './clouds.js';
import { patientRequest } from './patient-request.js';
import type { EntraApplication } from './secret.js';

/**
 * Asks for a token for Microsoft Graph with the application's password (client-credentials grant). Any application gets one,
 * even without rights.
 *
 * @throws RotationError if Entra did not say whether the password is right
 */
export async function graphToken(
  { tenantId, clientId, clientSecret }: EntraApplication,
  { login, graph }: EntraCloud,
  context: StepContext,
): Promise<string | 'rejected'> {
  const response = await patientRequest(
    {
      doing: `log in as the application ${clientId}`,
      url: `${login}/${tenantId}/oauth2/v2.0/token`,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
        scope: `${graph}/.default`,
      }).toString(),
    },
    context,
  );
  if (response.status === 400 || response.status === 401) {
    const error = fieldOf(response.json(), 'error');
    // The AADSTS codes would say more, but Microsoft says that programs must not rely on them.
    if (error === 'invalid_client') return 'rejected';
    if (error === 'unauthorized_client' || error === 'invalid_request')
      throw unknownApplication(error, clientId);
  }
  const token = response.status === 200 ? fieldOf(response.json(), 'access_token') : '';
  if (token === '') throw response.failure();
  context.hide(token);
  return token;
}

function unknownApplication(error: string, clientId: string): RotationError {
  return new RotationError('ERR_USER_MISSING', `the application ${clientId} cannot log in: ${error}`, {
    hint: 'correct "tenantId" and "clientId" in the secret, and the option `cloud`. The application may be disabled',
  });
}

/** Returns a string field of a JSON object; empty if there is no such string. */
function fieldOf(json: unknown, name: string): string {
  if (typeof json !== 'object' || json === null) return '';
  const value: unknown = Object.entries(json).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
}
