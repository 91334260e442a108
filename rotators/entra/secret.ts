import { stringField } from '../../src/index.js';

/** What an application logs in with. */
export interface EntraApplication {
  /** A GUID, or a domain of the tenant. */
  readonly tenantId: string;
  /** The application’s, a GUID: not its object id. */
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A password of an application in Microsoft Entra ID. */
export interface EntraSecret extends EntraApplication {
  /** The id of the password, which the portal calls “Secret ID”. */
  readonly keyId: string;
  /** The ARN of the secret of another application, which owns this one. */
  readonly masterarn?: string;
}

export function parseSecret(json: Readonly<Record<string, unknown>>): EntraSecret {
  return {
    ...parseApplication(json),
    keyId: stringField(json, 'keyId'),
    ...((json.masterarn ?? undefined) !== undefined && { masterarn: stringField(json, 'masterarn') }),
  };
}

/** Both ids go into the paths of URLs. */
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
