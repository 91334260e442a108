import { RotationError, type StepContext } from '../../src/index.js';
import { serverUrl } from './placeholders.js';
import { assertHeaders, fieldsOf, type Named } from './secret.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/**
 * Makes what reads the administrator's secret, once a step. Whoever may write the secret chooses its name, and the URL of
 * the server: so the administrator's secret must name that same server, or its credential would go anywhere.
 */
export function administrator(
  { admin: field }: ApiKeySpec,
  { servers, ofAdmin, inHeaders }: Named,
): (secret: ApiKeySecret, context: StepContext) => Promise<ApiKeySecret | undefined> {
  const known = new WeakMap<StepContext, Promise<ApiKeySecret>>();
  return async (secret, context) => {
    if (field === undefined) return undefined;
    const id = secret[field] ?? '';
    const admin = known.get(context) ?? read(id, context);
    known.set(context, admin);
    const found = await admin;
    for (const server of servers) assertSameServer(server, secret, found);
    return found;
  };

  async function read(id: string, context: StepContext): Promise<ApiKeySecret> {
    const json = await context.readSecret(id, servers);
    try {
      const found = fieldsOf(json, [...ofAdmin, ...servers]);
      for (const server of servers) serverUrl(found[server] ?? '', server);
      assertHeaders(found, inHeaders.admin);
      return found;
    } catch (cause) {
      const problem = cause instanceof TypeError ? `: ${cause.message}` : '';
      throw new RotationError(
        'ERR_SECRET_MALFORMED',
        `the administrator’s secret ${id} is not as it should be${problem}`,
        { hint: `it needs ${[...ofAdmin, ...servers].join(', ')}` },
      );
    }
  }

  function assertSameServer(server: string, secret: ApiKeySecret, admin: ApiKeySecret): void {
    if (serverUrl(secret[server] ?? '', server) === serverUrl(admin[server] ?? '', server)) return;
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"${field}" names an administrator of another "${server}" than the secret’s`,
      {
        hint: `"${server}" must be the same in both: else the administrator’s credential would be sent there`,
      },
    );
  }
}
