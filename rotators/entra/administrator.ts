import { RotationError, type StepContext } from '../../src/index.js';
import { type EntraApplication, type EntraSecret, parseApplication } from './secret.js';

/**
 * Reads the application that `masterarn` names. It must belong to the secret's tenant: its password goes to no other.
 *
 * @throws RotationError `ERR_SECRET_MALFORMED` if it does not, or if that secret is not an application's
 */
export async function administratorOf(
  { tenantId, masterarn = '' }: EntraSecret,
  context: StepContext,
): Promise<EntraApplication> {
  const json = await context.readSecret(masterarn, ['tenantId', 'clientId', 'keyId']);
  const administrator = parsed(json, masterarn);
  if (administrator.tenantId.toLowerCase() === tenantId.toLowerCase()) return administrator;
  throw new RotationError(
    'ERR_SECRET_MALFORMED',
    `"masterarn" names an application of the tenant ${administrator.tenantId}, but the secret is for ${tenantId}`,
    { hint: 'name the tenant in both secrets, in the same way: by its GUID, or by the same domain' },
  );
}

function parsed(json: Readonly<Record<string, unknown>>, masterarn: string): EntraApplication {
  try {
    return parseApplication(json);
  } catch (cause) {
    const problem = cause instanceof TypeError ? `: ${cause.message}` : '';
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `the administrator’s secret ${masterarn} is not a secret of an Entra application${problem}`,
      { hint: 'give it "tenantId", "clientId" and "clientSecret"', cause },
    );
  }
}
