import { RotationError, type StepContext } from '../../src/index.js';
import { type EntraApplication, type EntraSecret, parseApplication } from './secret.js';

/**
 * Reads the application that `masterarn` names. It is of the same tenant: its password goes to no other.
 *
 * @throws RotationError
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
    `"masterarn" names an application of the tenant ${administrator.tenantId}, and the secret is for ${tenantId}`,
    { hint: 'both must name the tenant in the same way' },
  );
}

function parsed(json: Readonly<Record<string, unknown>>, masterarn: string): EntraApplication {
  try {
    return parseApplication(json);
  } catch (cause) {
    const problem = cause instanceof TypeError ? `: ${cause.message}` : '';
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `the administrator’s secret ${masterarn} is not an application’s${problem}`,
      { hint: 'it needs tenantId, clientId and clientSecret', cause },
    );
  }
}
