import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lineTo, type TcpLine } from '../../src/testing/index.js';
import { freePort } from './free-port.js';
import { startIssuer } from './issuers.js';

export const VERDACCIO = { name: 'Verdaccio', module: 'verdaccio' };

const USER = { name: 'ci', password: 'correct-horse-battery' };

/** A real Verdaccio (a registry of npm packages), whose one user has tokens. A token works until it expires, deleted or not. */
export interface Verdaccio {
  /** Deletes all tokens of the user, makes one, and lets connections through. */
  reset(): Promise<{ url: string; password: string; token: string; tokenKey: string }>;
  /** The ids of the tokens that are listed. */
  listed(): Promise<string[]>;
  accepts(token: unknown): Promise<boolean>;
  /** What its `url` leads through. */
  readonly line: TcpLine;
  stop(): Promise<void>;
}

export async function startVerdaccio(): Promise<Verdaccio> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'quarterturn-verdaccio-'));
  const config = join(folder, 'config.yaml');
  await writeFile(config, JSON.stringify(settingsIn(folder)));
  const origin = `http://127.0.0.1:${port}`;
  const args = ['node_modules/verdaccio/bin/verdaccio', '-c', config, '-l', `127.0.0.1:${port}`] as const;
  const server = await startIssuer(args, `${origin}/-/ping`);
  const tokens = await tokensAt(origin);
  const line = await lineTo(port);
  return {
    line,
    listed: tokens.listed,
    async reset() {
      line.mend();
      for (const key of await tokens.listed()) await tokens.end(key);
      const { token, key } = await tokens.issue();
      return { url: `http://${line.host}:${line.port}`, password: USER.password, token, tokenKey: key };
    },
    async accepts(token) {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${origin}/-/npm/v1/user`, { headers })).ok;
    },
    async stop() {
      await line.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** JSON is YAML. */
function settingsIn(folder: string): object {
  return {
    storage: join(folder, 'storage'),
    // Each request with a token compares the password.
    auth: { htpasswd: { file: join(folder, 'htpasswd'), algorithm: 'bcrypt', rounds: 4 } },
    web: { enable: false },
    uplinks: {},
    packages: { '**': { access: '$authenticated' } },
    userRateLimit: { windowMs: 1000, max: 100_000 },
    log: { type: 'stdout', level: 'fatal' },
  };
}

/** The tokens of the user, as `npm token` manages them. */
async function tokensAt(origin: string) {
  const call = async <Answer>(method: string, path: string, token?: string, body?: object) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const answer = await fetch(`${origin}/-/${path}`, request);
    if (!answer.ok) throw new Error(`Verdaccio answered ${answer.status} to ${method} ${path}`);
    return (await answer.json()) as Answer;
  };
  const { token } = await call<{ token: string }>(
    'PUT',
    `user/org.couchdb.user:${USER.name}`,
    undefined,
    USER,
  );
  const asked = { password: USER.password, readonly: false, cidr_whitelist: [] };
  return {
    end: (key: string) => call('DELETE', `npm/v1/tokens/token/${key}`, token),
    issue: () => call<{ token: string; key: string }>('POST', 'npm/v1/tokens', token, asked),
    async listed(): Promise<string[]> {
      const { objects } = await call<{ objects: { key: string }[] }>('GET', 'npm/v1/tokens', token);
      return objects.map(({ key }) => key);
    },
  };
}
