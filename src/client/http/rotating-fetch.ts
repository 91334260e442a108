import type { RotatingSecret } from '../secret.js';
import { isSecretError, SecretError } from '../secret-error.js';
import type { SecretVersion } from '../version.js';
import { follow } from './redirects.js';

/** Options of {@link rotatingFetch}. */
export interface RotatingFetchOptions {
  /**
   * HTTP statuses that mean "credential refused". Do not add 403: it usually means a missing permission.
   *
   * @default [401]
   */
  readonly refusedOn?: readonly number[];
  /**
   * The `fetch` that sends the requests.
   *
   * @default globalThis.fetch
   */
  readonly fetch?: typeof fetch;
}

/**
 * Returns a `fetch` that signs each request with the secret.
 *
 * After a 401 it reads the secret, at most once per second, and sends the request again with each other usable version:
 * three requests at most, and only if the body can be sent twice (never a stream). One caller's 401 does not affect other
 * callers, because any end user can cause one. No caller waits for another.
 *
 * It follows redirects of GET and HEAD within the origin. It returns every other redirect to you, so the credential never
 * goes to another origin.
 *
 * @param authorize sets the headers that sign a request. Its errors are not passed on, because `Headers` quotes the value
 * @throws {@link SecretError} (the returned function, by rejecting) if the secret could not be read or `authorize` fails
 * @example
 * ```ts
 * const secret = rotatingSecret<{ apiKey: string }>('billing/key', { pending: ['apiKey'] });
 * const signedFetch = rotatingFetch(secret, ({ apiKey }, headers) => headers.set('x-api-key', apiKey));
 * ```
 */
export function rotatingFetch<T>(
  secret: RotatingSecret<T>,
  authorize: (value: T, headers: Headers) => void | Promise<void>,
  { refusedOn = [401], fetch: send = globalThis.fetch }: RotatingFetchOptions = {},
): typeof fetch {
  const place = {};
  /** The version that was accepted when AWSCURRENT was refused. */
  let better: { readonly than: string; readonly version: SecretVersion<T> } | undefined;

  async function versionToUse(signal: AbortSignal | undefined): Promise<SecretVersion<T>> {
    const current = await secret.get({ place, signal });
    return better?.than === current.versionId ? better.version : current;
  }

  return async (input, init = {}) => {
    // By shape: another library's Request fails `instanceof`.
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
      // A new place: the answers to other callers do not count here.
      await secret.logIn(tryNext, { place: {}, limitMs: 0, signal, isRefusal });
    } catch (error) {
      if (!isRefusal(error) && !isSecretError(error)) {
        await response.body?.cancel();
        throw error;
      }
      // No other version can be read: return the refusal. The better version may have been replaced.
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
