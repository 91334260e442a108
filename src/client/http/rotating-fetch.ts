import type { RotatingSecret } from '../secret.js';
import { isSecretError, SecretError } from '../secret-error.js';
import type { SecretVersion } from '../version.js';
import { follow } from './redirects.js';

export interface RotatingFetchOptions {
  /** The statuses that refuse a credential. Not 403, which is mostly a right that is missing. @default [401] */
  readonly refusedOn?: readonly number[];
  /** @default the global one */
  readonly fetch?: typeof fetch;
}

/**
 * Returns a `fetch` that signs each request. Nobody waits for another, and no 401 of one caller counts for another: any end
 * user can cause one. After a 401 it looks at the secret, at most once a second, and sends the request again with each other
 * version that may be used, if its body can be sent twice: at most three times in all.
 *
 * Redirects are followed within the origin alone, and of GET and HEAD alone. Any other is returned as it came: what signs the
 * request goes nowhere else.
 *
 * @param authorize sets the headers that sign a request. What it throws is not passed on: `Headers` quotes the value
 */
export function rotatingFetch<T>(
  secret: RotatingSecret<T>,
  authorize: (value: T, headers: Headers) => void | Promise<void>,
  { refusedOn = [401], fetch: send = globalThis.fetch }: RotatingFetchOptions = {},
): typeof fetch {
  const place = {};
  /** What was accepted in place of an AWSCURRENT that was refused. */
  let better: { readonly than: string; readonly version: SecretVersion<T> } | undefined;

  async function versionToUse(signal: AbortSignal | undefined): Promise<SecretVersion<T>> {
    const current = await secret.get({ place, signal });
    return better?.than === current.versionId ? better.version : current;
  }

  return async (input, init = {}) => {
    // By its shape: another library's is no `instanceof Request`.
    const request = typeof input === 'object' && 'url' in input ? input : undefined;
    const redirect = init.redirect ?? request?.redirect ?? 'follow';
    const signal = init.signal ?? request?.signal ?? undefined;
    const method = init.method ?? request?.method ?? 'GET';

    async function signed(value: T): Promise<RequestInit> {
      const headers = new Headers(init.headers ?? request?.headers);
      try {
        await authorize(value, headers);
      } catch {
        throw new SecretError(
          'ERR_SECRET_MALFORMED',
          secret.id,
          `\`authorize\` rejected the value of ${secret.id}`,
          'check the secret and `authorize`; a header must not contain line breaks or characters beyond Latin-1',
        );
      }
      return { ...init, headers, redirect: redirect === 'follow' ? 'manual' : redirect };
    }

    async function sendSigned({ value }: SecretVersion<T>): Promise<Response> {
      const first = await send(input, await signed(value));
      if (redirect !== 'follow' || !/^(?:get|head)$/i.test(method)) return first;
      return follow(first, request?.url ?? String(input), async (url) => {
        const { body: _, ...rest } = await signed(value);
        return send(url, { ...rest, method, signal: signal ?? null });
      });
    }

    const version = await versionToUse(signal);
    let response = await sendSigned(version);
    if (!refusedOn.includes(response.status) || !canBeSentTwice(init.body, request)) return response;

    const refusals = new Map([[version.versionId, new Refusal()]]);
    const tryNext = async (_: T, next: SecretVersion<T>): Promise<void> => {
      const known = refusals.get(next.versionId);
      if (known) throw known;
      const answer = await sendSigned(next);
      await response.body?.cancel();
      response = answer;
      if (!refusedOn.includes(response.status)) {
        better = { than: (await secret.get({ place })).versionId, version: next };
        return;
      }
      const refusal = new Refusal();
      refusals.set(next.versionId, refusal);
      throw refusal;
    };
    try {
      // A place of its own: what others were answered is theirs.
      await secret.logIn(tryNext, { place: {}, limitMs: 0, signal, isRefusal });
    } catch (error) {
      if (!isRefusal(error) && !isSecretError(error)) {
        await response.body?.cancel();
        throw error;
      }
      // No other version, or none that can be read: the refusal is the answer. What was better before may have been replaced.
      better = undefined;
    }
    return response;
  };
}

class Refusal extends Error {}

function isRefusal(error: unknown): boolean {
  return error instanceof Refusal;
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
