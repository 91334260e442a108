import { RotationError, type StepContext } from '../../src/index.js';
import { serverUrl } from './placeholders.js';
import { assertHeaders, fieldsOf, type Named } from './secret.js';
import type { ApiKeySecret, ApiKeySpec } from './spec.js';

/**
 * Returns a function that reads the administrator's secret, once per step. Anyone who can write the secret chooses that secret
 * and the server's URL. So the administrator's secret must name the same server: otherwise the writer could send its credential
 * to any host.
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
        `the administrator’s secret ${id} is malformed${problem}`,
        { hint: `the secret needs the fields ${[...ofAdmin, ...servers].join(', ')}` },
      );
    }
  }

  function assertSameServer(server: string, secret: ApiKeySecret, admin: ApiKeySecret): void {
    if (serverUrl(secret[server] ?? '', server) === serverUrl(admin[server] ?? '', server)) return;
    throw new RotationError(
      'ERR_SECRET_MALFORMED',
      `"${server}" of the secret and of the administrator’s secret in "${field}" differ`,
      {
        hint: `store the same "${server}" in both secrets: the administrator’s credential must not go to another server`,
      },
    );
  }
}
