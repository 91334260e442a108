import type { RotationError } from '../errors.js';
import { parseJson } from '../json.js';
import { checkedHeaders, checkedLimit, checkedMethod, type HttpMethod, httpUrl } from './http-checks.js';
import { failure, type Place, unexpected, WRONG_SERVICE } from './http-failures.js';
import { type RawResponse, sendOnce } from './http-transport.js';

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

/** An answer, of any status but a redirect. */
export interface HttpResponse {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** What Retry-After asks for, be it seconds or a date. */
  readonly retryAfterMs: number | undefined;
  /** @throws RotationError `ERR_SERVICE_FAILED` if it is not UTF-8, or compressed, which was not asked for */
  text(): string;
  /** @throws RotationError `ERR_SERVICE_FAILED`, which quotes nothing of it, if it is not JSON */
  json(): unknown;
  /** What to throw for a status that the caller does not expect. */
  failure(): RotationError;
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
  const place = { doing: call.doing, origin: url.origin };
  const response = await sendOnce(checked, place);
  if (response.status >= 300 && response.status < 400) throw redirected(response, url, place);
  return responseOf(response, place);
}

function responseOf({ status, headers, body }: RawResponse, place: Place): HttpResponse {
  const failed = (problem: string) => failure(place, problem, WRONG_SERVICE);
  const wait = retryAfterMs(headers.get('retry-after'));
  return { status, headers, retryAfterMs: wait, text, json, failure: () => unexpected(status, place, wait) };

  function text(): string {
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (body.length > 0 && encoding !== 'identity') throw failed('sent a compressed answer, unasked');
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(body);
    } catch {
      throw failed(`answered ${status} with what is not UTF-8`);
    }
  }

  function json(): unknown {
    const content = parseJson(text());
    // No cause: it would quote the text, and here that may hold a key.
    if (content === undefined) throw failed(`answered ${status} with what is not JSON`);
    return content;
  }
}

function redirected({ status, headers }: RawResponse, from: URL, place: Place): RotationError {
  const location = headers.get('location') ?? '';
  const to = URL.canParse(location, from.href) ? new URL(location, from.href).origin : 'null';
  return failure(
    place,
    // Of a URL that is not one of the web's, the origin is "null".
    `answered ${status}, a redirect to ${to === from.origin ? 'another path' : to === 'null' ? 'nowhere' : to}`,
    'redirects are not followed, since a credential would go along: correct the URL, if where it leads to is right',
  );
}

/** RFC 9110, 10.2.3. A date is read in the one form that it must be sent in. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  if (!/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
