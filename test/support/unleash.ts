import { lineTo, type TcpLine } from '../../src/testing/index.js';
import { freePort } from './free-port.js';
import { startIssuer } from './issuers.js';
import { startTestServer, type TestServer } from './postgres.js';

export const UNLEASH = { name: 'Unleash', module: 'unleash-server' };

const ADMIN = { username: 'admin', password: 'correct-horse-battery' };

/** A real Unleash (feature flags) with its PostgreSQL, whose one user has personal access tokens. */
export interface Unleash {
  /** Ends all tokens of the user, makes one, and lets connections through. */
  reset(): Promise<{ url: string; token: string; tokenId: string }>;
  /** Makes a token as the user would. */
  issue(description: string): Promise<{ token: string; tokenId: string }>;
  /** The ids of the tokens that live. */
  live(): Promise<string[]>;
  accepts(token: unknown): Promise<boolean>;
  /** What its `url` leads through. */
  readonly line: TcpLine;
  stop(): Promise<void>;
}

export async function startUnleash(): Promise<Unleash> {
  const database = await startTestServer();
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const program = 'node_modules/unleash-server/dist/server.js';
  const server = await startIssuer([program], `${origin}/health`, settings(database, port));
  const tokens = tokensAt(origin, await logIn(origin));
  const line = await lineTo(port);
  return {
    line,
    issue: tokens.issue,
    live: tokens.live,
    async reset() {
      line.mend();
      for (const id of await tokens.live()) await tokens.end(id);
      return { url: `http://${line.host}:${line.port}`, ...(await tokens.issue('made by hand')) };
    },
    async accepts(token) {
      const headers = { authorization: String(token) };
      return (await fetch(`${origin}/api/admin/user`, { headers })).ok;
    },
    async stop() {
      await line.close();
      await server.stop();
      await database.stop();
    },
  };
}

function settings({ host, port, username, password }: TestServer, ownPort: number): Record<string, string> {
  return {
    DATABASE_HOST: host,
    DATABASE_PORT: String(port),
    DATABASE_USERNAME: username,
    DATABASE_PASSWORD: password,
    DATABASE_NAME: 'postgres',
    DATABASE_SSL: 'false',
    HTTP_HOST: '127.0.0.1',
    HTTP_PORT: String(ownPort),
    UNLEASH_DEFAULT_ADMIN_USERNAME: ADMIN.username,
    UNLEASH_DEFAULT_ADMIN_PASSWORD: ADMIN.password,
    // It would look for newer versions, and tell of its use.
    CHECK_VERSION: 'false',
    SEND_TELEMETRY: 'false',
    LOG_LEVEL: 'fatal',
  };
}

/** The tokens of the user, as the user's own browser manages them. */
function tokensAt(origin: string, cookie: string) {
  const call = async (method: string, path = '', body?: object): Promise<Response> => {
    const headers = { cookie, 'content-type': 'application/json' };
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${origin}/api/admin/user/tokens${path}`, request);
    if (!answer.ok) throw new Error(`Unleash answered ${answer.status} to ${method} ${path}`);
    return answer;
  };
  return {
    end: (id: string) => call('DELETE', `/${id}`),
    async issue(description: string) {
      const answer = await call('POST', '', { description, expiresAt: '2126-01-01T00:00:00Z' });
      const { id, secret } = (await answer.json()) as { id: number; secret: string };
      return { token: secret, tokenId: String(id) };
    },
    async live(): Promise<string[]> {
      const { pats } = (await (await call('GET')).json()) as { pats: { id: number }[] };
      return pats
        .map(({ id }) => id)
        .sort((one, other) => one - other)
        .map(String);
    },
  };
}

async function logIn(origin: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${origin}/auth/simple/login`, {
    method: 'POST',
    headers,
    body: JSON.stringify(ADMIN),
  });
  return answer.headers.get('set-cookie')?.split(';')[0] ?? '';
}
