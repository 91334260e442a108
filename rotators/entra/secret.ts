import { stringField } from '../../src/index.js';

/** Credentials of an application. */
export interface EntraApplication {
  /** Tenant: its GUID or one of its domains. */
  readonly tenantId: string;
  /** Client id of the application, a GUID. Not its object id. */
  readonly clientId: string;
  /** Password of the application. */
  readonly clientSecret: string;
}

/** Secret with a password of an application in Microsoft Entra ID. */
export interface EntraSecret extends EntraApplication {
  /** Id of the password, “Secret ID” in the portal. */
  readonly keyId: string;
  /** ARN of the secret of another application, which owns this one. */
  readonly masterarn?: string;
}

export function parseSecret(json: Readonly<Record<string, unknown>>): EntraSecret {
  return {
    ...parseApplication(json),
    keyId: stringField(json, 'keyId'),
    ...((json.masterarn ?? undefined) !== undefined && { masterarn: stringField(json, 'masterarn') }),
  };
}

/** Checks both ids, since they become parts of URLs. */
export function parseApplication(json: Readonly<Record<string, unknown>>): EntraApplication {
  const [tenantId, clientId] = [stringField(json, 'tenantId'), stringField(json, 'clientId')];
  if (!/^[a-z0-9][a-z0-9.-]*$/i.test(tenantId)) {
    throw new TypeError('"tenantId" must be a GUID or a domain');
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientId)) {
    throw new TypeError('"clientId" must be a GUID');
  }
  return { tenantId, clientId, clientSecret: stringField(json, 'clientSecret') };
}
