import { lineTo, type TcpLine } from '../../src/testing/index.js';
import { freePort } from './free-port.js';
import { startIssuer } from './issuers.js';
import { startTestServer, type TestServer } from './postgres.js';

export const VENDURE = { name: 'Vendure', module: '@vendure/core' };

const ADMIN_PASSWORD = 'correct-horse-battery';

/** A key as the administrator sees it. */
interface ShownKey {
  readonly id: string;
  readonly name: string;
  readonly user: { readonly roles: readonly { readonly code: string }[] };
}

/** A real Vendure (a shop) with its PostgreSQL, whose API keys have roles each, and whose lists have pages. */
export interface Vendure {
  /** Ends all keys, makes one that may manage keys and read orders, and lets connections through. */
  reset(): Promise<{ url: string; key: string; keyId: string }>;
  /** Makes a key that may read orders, as the administrator. */
  issue(name: string): Promise<{ key: string; keyId: string }>;
  /** The keys that live. */
  live(): Promise<readonly ShownKey[]>;
  accepts(key: unknown): Promise<boolean>;
  /** What its `url` leads through. */
  readonly line: TcpLine;
  stop(): Promise<void>;
}

export async function startVendure(): Promise<Vendure> {
  const database = await startTestServer();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const server = await startIssuer(['vendure.mjs'], `${origin}/health`, settings(database, port));
  const admin = { authorization: `Bearer ${await logIn(origin)}` };
  const ask = <Answer>(query: string, variables: object = {}) =>
    graphql<Answer>(origin, query, variables, admin);
  const roles = await Promise.all(
    ['CreateApiKey, ReadApiKey, DeleteApiKey', 'ReadOrder'].map((rights, n) =>
      ask<{ createRole: { id: string } }>(
        `mutation { createRole(input: { code: "role-${n}", description: "", permissions: [${rights}] }) { id } }`,
      ),
    ),
  );
  const [keys = '', orders = ''] = roles.map(({ createRole }) => createRole.id);
  const issue = async (name: string, roleIds: readonly string[]) => {
    const input = { roleIds, translations: [{ languageCode: 'en', name }] };
    const { createApiKey } = await ask<{ createApiKey: { apiKey: string; entityId: string } }>(ISSUE, {
      input,
    });
    return { key: createApiKey.apiKey, keyId: createApiKey.entityId };
  };
  const live = async (): Promise<readonly ShownKey[]> => {
    const shown: ShownKey[] = [];
    for (;;) {
      const { apiKeys } = await ask<{ apiKeys: { items: ShownKey[] } }>(LIST, { skip: shown.length });
      if (apiKeys.items.length === 0) return shown;
      shown.push(...apiKeys.items);
    }
  };
  const line = await lineTo(port);
  return {
    line,
    live,
    issue: (name) => issue(name, [orders]),
    async reset() {
      line.mend();
      await ask(END, { ids: (await live()).map(({ id }) => id) });
      return { url: `http://${line.host}:${line.port}`, ...(await issue('made by hand', [keys, orders])) };
    },
    accepts: (key) =>
      graphql(origin, '{ orders { totalItems } }', {}, { 'vendure-api-key': String(key) }).then(
        () => true,
        () => false,
      ),
    async stop() {
      await line.close();
      await server.stop();
      await database.stop();
    },
  };
}

const ISSUE = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { apiKey entityId } }';
const LIST =
  'query ($skip: Int) { apiKeys(options: { skip: $skip, take: 5, sort: { id: ASC } }) { items { id name user { roles { code } } } } }';
const END = 'mutation ($ids: [ID!]!) { deleteApiKeys(ids: $ids) { result } }';

function settings({ host, port, username, password }: TestServer, ownPort: number): Record<string, string> {
  return {
    // It would tell others that it runs here.
    VENDURE_DISABLE_TELEMETRY: 'true',
    PORT: String(ownPort),
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USERNAME: username,
    DATABASE_PASSWORD: password,
    ADMIN_PASSWORD,
  };
}

async function logIn(origin: string): Promise<string> {
  const query = `mutation { login(username: "admin", password: "${ADMIN_PASSWORD}") { __typename } }`;
  const answer = await post(origin, query, {}, {});
  return answer.headers.get('vendure-auth-token') ?? '';
}

async function graphql<Answer>(
  origin: string,
  query: string,
  variables: object,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const answer = await post(origin, query, variables, headers);
  const { data, errors } = (await answer.json()) as { data: Answer; errors?: unknown };
  if (errors !== undefined) throw new Error(`Vendure answered ${JSON.stringify(errors)}`);
  return data;
}

function post(
  origin: string,
  query: string,
  variables: object,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(`${origin}/admin-api`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
}
