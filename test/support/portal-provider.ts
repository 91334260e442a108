import type { Dialect, KeyStore, ProviderAnswer, ServedKey } from './provider-server.js';

export const BOSS = { client: 'boss', secret: 'boss-7Kq2wZr9vXn4' };

/** How many requests a token is good for: fewer than a step makes. */
const USES = 3;

interface Session {
  /** `undefined`: the boss. */
  readonly key: ServedKey | undefined;
  uses: number;
}

/**
 * A service whose keys are clients' secrets: requests show a token, for which a client logs in. It answers 200 to everything,
 * and says in JSON what it refuses. A new key has no value until that is fetched. A token outlives its key.
 */
export class Portal {
  /** Every token that it has given. */
  readonly tokens: string[] = [];
  /** What else the answer to a new key holds. */
  extras: Readonly<Record<string, unknown>> = {};
  readonly #sessions = new Map<string, Session>();
  readonly #fetched = new WeakSet<ServedKey>();

  readonly dialect: Dialect = ({ method, url, header, body }, keys) => {
    if (url.pathname === '/oauth/token') return this.#logIn(body, keys);
    const session = this.#sessions.get(header('authorization')?.slice('Bearer '.length) ?? '');
    if (!session || session.uses-- <= 0) return refusal('token_expired');
    const [, path, id, part] = url.pathname.split('/');
    if (path === 'self') return [200, { ok: true, id: session.key?.id ?? 'boss' }];
    if (path !== 'keys') return refusal('unknown_method');
    if (method === 'GET') return [200, { ok: true, keys: keys.live().map(shown) }];
    if (method === 'DELETE') return keys.end(id) ? [200, { ok: true }] : refusal('no_such_key');
    if (part === 'secret') return this.#fetch(keys.find(id));
    return [200, { ok: true, id: keys.issue(String(body.name)).id, ...this.extras }];
  };

  /** A key that somebody has fetched. */
  made(keys: KeyStore): ServedKey {
    const key = keys.issue('made by hand');
    this.activate(key);
    return key;
  }

  activate(key: ServedKey): void {
    this.#fetched.add(key);
  }

  accepts(keys: KeyStore, id: unknown, secret: unknown): boolean {
    return keys.live().some((key) => key.id === id && key.key === secret && this.#fetched.has(key));
  }

  #logIn({ client_id: id, client_secret: secret }: Readonly<Record<string, unknown>>, keys: KeyStore) {
    const isBoss = id === BOSS.client && secret === BOSS.secret;
    if (!isBoss && !this.accepts(keys, id, secret)) return [400, { error: 'invalid_client' }] as const;
    const token = `tok-${this.tokens.length}-${Math.random().toString(36).slice(2).padEnd(12, 'x')}`;
    this.tokens.push(token);
    this.#sessions.set(token, { key: isBoss ? undefined : keys.find(String(id)), uses: USES });
    return [200, { access_token: token, token_type: 'Bearer', expires_in: 60 }] as const;
  }

  #fetch(key: ServedKey | undefined): ProviderAnswer {
    if (!key || this.#fetched.has(key)) return refusal('no_such_key');
    this.activate(key);
    return [200, { ok: true, secret: key.key }];
  }
}

function refusal(error: string): ProviderAnswer {
  return [200, { ok: false, error }];
}

function shown({ id, name, createdAt }: ServedKey) {
  return { id, name, created: createdAt };
}
