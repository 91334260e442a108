import type { Dialect, KeyStore, ProviderAnswer, ProviderCall, ServedKey } from './provider-server.js';

// How the providers of the examples speak: the paths and fields that the examples name, and no more.

interface Speech {
  readonly keys: RegExp;
  readonly check: string;
  /** The key that a caller shows. */
  readonly asker: (call: ProviderCall) => string | undefined;
  readonly made: (key: ServedKey) => unknown;
  readonly listed: (keys: readonly ServedKey[], url: URL) => unknown;
  readonly checked?: (key: ServedKey) => unknown;
  /** What it says of one key, if that is more than what it was made with. */
  readonly shown?: (key: ServedKey) => unknown;
  readonly ended?: object;
  /** What a key looks like, given the id that it gets. */
  readonly keyFor?: (id: number) => string;
  /** How many may be live. */
  readonly most?: number;
  /** The answer if there are as many. */
  readonly full?: ProviderAnswer;
  /** Whether a key must be deactivated before it is deleted. */
  readonly hasTwoEnds?: boolean;
}

export const ADMIN_KEY = 'adm-5Tq8wZr2vXn9';

const bearer: Speech['asker'] = ({ header }) => header('authorization')?.replace(/^(Bearer|SSWS) /, '');
const password: Speech['asker'] = ({ basic }) => basic?.split(':').at(-1);
const iso = ({ createdAt }: ServedKey): string => createdAt.toISOString();
const page = <T>(all: readonly T[], from: number, size: number): readonly T[] => all.slice(from, from + size);

export const SPEECHES: Readonly<Record<string, Speech>> = {
  cloudflare: {
    keys: /^\/client\/v4\/accounts\/acc\/tokens(?:\/(\d+))?$/,
    check: '/client/v4/accounts/acc/tokens/verify',
    asker: bearer,
    made: ({ id, key, name }) => ({ success: true, result: { id, name, value: key } }),
    listed: (keys, url) => ({
      success: true,
      result: page(keys, (Number(url.searchParams.get('page')) - 1) * 2, 2).map((key) => ({
        id: key.id,
        name: key.name,
        issued_on: iso(key),
        ...(key.traits.end !== undefined && { expires_on: key.traits.end }),
      })),
    }),
    checked: ({ id }) => ({ success: true, result: { id, status: 'active' } }),
    shown: ({ createdAt, traits: { end, ...traits } }) => ({
      ...{ ...traits, issued_on: createdAt.toISOString() },
      ...(end !== undefined && { expires_on: end }),
    }),
    ended: { success: true, result: {} },
  },
  sendgrid: {
    keys: /^\/v3\/api_keys(?:\/([\w-]+))?$/,
    check: '/v3/scopes',
    asker: bearer,
    made: ({ id, key, name }) => ({ api_key: key, api_key_id: id, name }),
    listed: (keys) => ({ result: keys.map(({ id, name }) => ({ api_key_id: id, name })) }),
    checked: ({ traits }) => ({ scopes: traits.scopes ?? [] }),
    keyFor: (id) => `SG.${id}.x4Hn8zty2Kq-${id}`,
    most: 100,
  },
  openai: {
    keys: /^\/v1\/organization\/projects\/proj_1\/service_accounts(?:\/(\d+))?$/,
    check: '/v1/models',
    asker: bearer,
    made: ({ id, key, name }) => ({ id, name, api_key: { id: `key_${id}`, value: key } }),
    listed(keys, url) {
      const after = keys.findIndex(({ id }) => id === url.searchParams.get('after'));
      const data = page(keys, after + 1, 2).map(({ id, name, createdAt }) => ({
        ...{ id, name },
        created_at: Math.floor(createdAt.getTime() / 1000),
      }));
      return { object: 'list', data, last_id: data.at(-1)?.id ?? null };
    },
    ended: { deleted: true },
  },
  confluent: {
    keys: /^\/iam\/v2\/api-keys(?:\/(\d+))?$/,
    check: '/org/v2/environments',
    asker: password,
    made: ({ id, key }) => ({ id, spec: { secret: key } }),
    listed(keys, url) {
      const from = Number(url.searchParams.get('page_token') ?? 0);
      const next = new URL(url);
      next.searchParams.set('page_token', String(from + 2));
      return {
        data: page(keys, from, 2).map((key) => ({
          id: key.id,
          spec: { display_name: key.name },
          metadata: { created_at: iso(key) },
        })),
        metadata: from + 2 < keys.length ? { next: next.href } : {},
      };
    },
    most: 10,
    full: [402, { errors: [{ status: '402', detail: 'The request would exceed one or more quotas.' }] }],
  },
  okta: {
    keys: /^\/api\/v1\/apps\/app\/credentials\/secrets(?:\/(\d+)(\/lifecycle\/deactivate)?)?$/,
    check: '/oauth2/default/v1/token',
    asker: password,
    made: ({ id, key }) => ({ id, client_secret: key, status: 'ACTIVE' }),
    listed: (keys) => keys.map((key) => ({ id: key.id, status: 'ACTIVE', created: iso(key) })),
    most: 2,
    hasTwoEnds: true,
  },
  grafana: {
    keys: /^\/api\/serviceaccounts\/2\/tokens(?:\/(\d+))?$/,
    check: '/api/org',
    asker: bearer,
    made: ({ id, key, name }) => ({ id: Number(id), name, key }),
    listed: (keys) =>
      keys.map((key) => ({
        ...{ id: Number(key.id), name: key.name, created: iso(key) },
        expiration: key.traits.end ?? null,
      })),
  },
};

/** A provider that speaks so. */
export function dialectOf({ keys: path, check, asker, ...speech }: Speech): Dialect {
  const inactive = new Set<string>();
  return (call, keys) => {
    const { method, url } = call;
    if (url.pathname === check) {
      const key = keys.shown(asker(call));
      return key ? [200, speech.checked?.(key) ?? { ok: true }] : [401];
    }
    const [whole, id, isDeactivated] = path.exec(url.pathname) ?? [];
    if (whole === undefined) return [404];
    if (![bearer(call), password(call)].includes(ADMIN_KEY) && !keys.shown(bearer(call))) return [403];
    if (id === undefined && method === 'GET') return [200, speech.listed(keys.live(), url)];
    if (id === undefined) {
      const { most = Number.POSITIVE_INFINITY, full = [403, { error: 'full' }] } = speech;
      if (keys.live().length >= most) return full;
      return [200, speech.made(issued(keys, call.body, speech))];
    }
    const key = keys.find(id);
    if (!key) return [404];
    if (method === 'GET') return [200, { result: speech.shown?.(key) ?? key.traits }];
    if (isDeactivated) {
      if (inactive.has(id)) return [409, { error: 'it is inactive' }];
      inactive.add(id);
      return [200, { status: 'INACTIVE' }];
    }
    if (speech.hasTwoEnds && !inactive.has(id)) return [400, { error: 'deactivate it first' }];
    keys.end(id);
    return speech.ended ? [200, speech.ended] : [204];
  };
}

export function issued(
  keys: KeyStore,
  body: Readonly<Record<string, unknown>>,
  { keyFor }: Pick<Speech, 'keyFor'>,
): ServedKey {
  const spec = Object.entries(body.spec ?? {}).find(([field]) => field === 'display_name');
  const { policies, condition, not_before, scopes } = body;
  const end = endOf(body);
  return keys.issue(
    String(body.name ?? spec?.[1] ?? ''),
    {
      policies,
      ...(condition !== undefined && { condition }),
      ...(not_before !== undefined && { not_before }),
      ...(scopes !== undefined && { scopes }),
      ...(end !== undefined && { end }),
    },
    keyFor?.(keys.all.length + 1001),
  );
}

/** When a key ends that is asked for, in Cloudflare's words or in Grafana's. */
function endOf({ expires_on, secondsToLive }: Readonly<Record<string, unknown>>): unknown {
  return secondsToLive === undefined
    ? expires_on
    : new Date(Date.now() + Number(secondsToLive) * 1000).toISOString();
}
