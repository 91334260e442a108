import { checkedHeaders, checkedLimit, checkedMethod, type HttpMethod, httpUrl } from './http-checks.js';
import type { HttpResponse } from './http-response.js';

/** Request to the service whose credential rotates: the argument of {@link request}. */
export interface HttpRequest {
  /** Purpose, such as `list the keys`: an error begins with "could not list the keys". */
  readonly doing: string;
  /** URL that {@link httpUrl} accepts. Errors show only its origin. */
  readonly url: string | URL;
  /** Method. @default 'GET' */
  readonly method?: HttpMethod;
  /** Headers. @default none */
  readonly headers?: Readonly<Record<string, string>>;
  /** Body. @default none */
  readonly body?: string;
  /** The step's {@link StepContext.signal}. */
  readonly signal: AbortSignal;
  /**
   * Limit of the whole request in milliseconds, from the DNS look-up to the last byte. The step's signal may end it earlier.
   *
   * @default 10000
   */
  readonly limitMs?: number;
  /** Maximum length of the answer's body in bytes. @default 1048576 (1 MiB) */
  readonly maxBytes?: number;
  /** Certificate authorities, PEM. @default Node's, and those of NODE_EXTRA_CA_CERTS */
  readonly ca?: string | readonly string[];
}

const LIMIT_MS = 10_000;
const MAX_LIMIT_MS = 900_000;
const MAX_BYTES = 1_048_576;

/**
 * Sends an HTTPS request (or HTTP within this machine) and returns the answer. It follows no redirect. Its errors contain
 * nothing of the answer's body, of a header, or of the URL's path.
 *
 * It uses `node:https`, because `fetch` decompresses an answer before anybody can count its bytes, keeps connections that
 * the other side has closed by the next invocation, and adds causes to its errors that may contain a secret.
 *
 * @throws {@link RotationError} `ERR_SERVICE_…` or `ERR_TLS_…` if there is no answer. After a timeout, a closed connection
 *   or `ERR_SERVICE_FAILED`, the service may have done what the request asked
 * @throws TypeError for an invalid request
 *
 * @example
 * ```ts
 * const change = async (url: string, user: string, password: string, { signal }: StepContext) => {
 *   const doing = `change the password of "${user}"`;
 *   const answer = await request({ doing, url, method: 'PUT', body: password, signal });
 *   if (answer.status !== 200) throw answer.failure();
 * };
 * ```
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
  // Loaded only now, for a faster cold start.
  const { responseTo } = await import('./http-response.js');
  return responseTo(checked, { doing: call.doing, origin: url.origin });
}
