import type { RotatingSecret } from '../secret.js';

export interface RotatingFetchOptions {
  /** The statuses that refuse a credential. Not 403, which is mostly a right that is missing. @default [401] */
  readonly refusedOn?: readonly number[];
  /** @default the global one */
  readonly fetch?: typeof fetch;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 20;

/**
 * Returns a `fetch` that signs each request. Nobody waits for another: any end user can cause a 401. After one it looks at the
 * secret, at most once a second, and sends the request once more if there is another version and the body can be sent twice.
 *
 * Redirects are followed within the origin alone, and of GET and HEAD alone. Any other is returned as it came: what signs the
 * request goes nowhere else.
 *
 * @param authorize sets the headers that sign a request
 */
export function rotatingFetch<T>(
  secret: RotatingSecret<T>,
  authorize: (value: T, headers: Headers) => void,
  { refusedOn = [401], fetch: send = globalThis.fetch }: RotatingFetchOptions = {},
): typeof fetch {
  const place = {};
  return async (input, init = {}) => {
    const request = input instanceof Request ? input : undefined;
    const { redirect = 'follow', signal } = { redirect: request?.redirect, signal: request?.signal, ...init };
    const method = init.method ?? request?.method ?? 'GET';
    const signed = (value: T): RequestInit => {
      const headers = new Headers(init.headers ?? request?.headers);
      authorize(value, headers);
      return { ...init, headers, redirect: redirect === 'follow' ? 'manual' : redirect };
    };
    const sendSigned = async (value: T): Promise<Response> => {
      const first = await send(input, signed(value));
      if (redirect !== 'follow') return first;
      return follow(first, request?.url ?? String(input), method, (url) => {
        const { body: _, ...rest } = signed(value);
        return send(url, { ...rest, method, signal: signal ?? null });
      });
    };
    const version = await secret.get({ place, signal: signal ?? undefined });
    const response = await sendSigned(version.value);
    if (!refusedOn.includes(response.status)) return response;
    const options = { place, limitMs: 0, signal: signal ?? undefined };
    // Where nothing is left that was not refused, it was perhaps somebody else's request that was.
    const next = (await secret.refused(version, options)) ?? (await secret.get(options));
    if (next.versionId === version.versionId || !canBeSentTwice(init.body, request)) return response;
    await response.body?.cancel();
    const second = await sendSigned(next.value);
    if (refusedOn.includes(second.status)) await secret.refused(next, options).catch(() => {});
    return second;
  };
}

function canBeSentTwice(body: RequestInit['body'], request: Request | undefined): boolean {
  if (body === undefined || body === null) return !request?.body;
  const isText = typeof body === 'string' || body instanceof URLSearchParams;
  return (
    isText ||
    body instanceof FormData ||
    body instanceof Blob ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body)
  );
}

/** Follows redirects within the origin, of requests that only read. */
async function follow(
  first: Response,
  from: string,
  method: string,
  send: (url: URL) => Promise<Response>,
): Promise<Response> {
  let [response, url] = [first, new URL(from)];
  if (!/^(?:get|head)$/i.test(method)) return first;
  for (let n = 0; n < MOST_REDIRECTS && REDIRECTS.has(response.status); n++) {
    const location = response.headers.get('location');
    const next = location !== null && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
    if (!next || next.origin !== url.origin) return response;
    await response.body?.cancel();
    [response, url] = [await send(next), next];
  }
  return response;
}
