import { checkedHeaders, checkedLimit, checkedMethod, type HttpMethod, httpUrl } from './http-checks.js';
import type { HttpResponse } from './http-response.js';

/** A request to the service whose credential is rotated. */
export interface HttpRequest {
  /** What it is for, as in "could not list the keys": opens the message of an error. */
  readonly doing: string;
  /** As `httpUrl` takes it. Errors show its origin alone. */
  readonly url: string | URL;
  /** @default 'GET' */
  readonly method?: HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** That of the step. */
  readonly signal: AbortSignal;
  /**
   * How long all of it may take, from the look-up of the name to the last byte, in milliseconds.
   *
   * @default 10000, and never longer than the step
   */
  readonly limitMs?: number;
  /** The longest answer that is read. @default 1 MiB */
  readonly maxBytes?: number;
  /** Certificate authorities, PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}

const LIMIT_MS = 10_000;
const MAX_LIMIT_MS = 900_000;
const MAX_BYTES = 1_048_576;

/**
 * Sends a request, and reads the answer: over HTTPS, or HTTP within this machine. Redirects are not followed, and
 * nothing of the answer's body, of any header or of the URL's path stands in an error.
 *
 * By `node:https`, not `fetch`: that decompresses an answer before its bytes can be counted, keeps connections for the
 * next invocation, by when the other side has closed them, and hangs causes on its errors that nobody has read.
 *
 * @throws RotationError `ERR_SERVICE_…` or `ERR_TLS_…` if there is no answer. After a timeout, a connection that was
 *   closed or `ERR_SERVICE_FAILED` the service may have done what it was asked
 * @throws TypeError for a request that cannot be sent
 */
export async function request(call: HttpRequest): Promise<HttpResponse> {
  const url = httpUrl(call.url);
  const checked = {
    ...call,
    url,
    method: checkedMethod(call.method ?? 'GET'),
    headers: checkedHeaders(call.headers ?? {}),
    limitMs: checkedLimit('limitMs', call.limitMs ?? LIMIT_MS, MAX_LIMIT_MS),
    maxBytes: checkedLimit('maxBytes', call.maxBytes ?? MAX_BYTES, Number.MAX_SAFE_INTEGER),
  };
  call.signal.throwIfAborted();
  // A cold start does without.
  const { responseTo } = await import('./http-response.js');
  return responseTo(checked, { doing: call.doing, origin: url.origin });
}
