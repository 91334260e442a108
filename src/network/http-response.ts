import { quoted, type RotationError } from '../errors.js';
import { parseJson } from '../json.js';
import { failure, type Place, unexpected, WRONG_SERVICE } from './http-failures.js';
import { type CheckedRequest, type RawResponse, sendOnce } from './http-transport.js';

/** Answer to an {@link HttpRequest}, of any status but a redirect. */
export interface HttpResponse {
  /** HTTP status. */
  readonly status: number;
  /** Headers, by names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Pause that Retry-After asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Length of the body in bytes. */
  readonly bytes: number;
  /**
   * Returns the body as text.
   *
   * @throws {@link RotationError} `ERR_SERVICE_FAILED` if the body is not UTF-8, or is compressed
   */
  text(): string;
  /**
   * Returns the body as JSON.
   *
   * @throws {@link RotationError} `ERR_SERVICE_FAILED`, which quotes nothing of the body, if it is not JSON
   */
  json(): unknown;
  /** Returns the error to throw for a status that the caller does not expect. */
  failure(): RotationError;
}

/**
 * Sends a request and returns the answer.
 *
 * @throws {@link RotationError} if there is no answer, or a redirect
 */
export async function responseTo(request: CheckedRequest, place: Place): Promise<HttpResponse> {
  const response = await sendOnce(request, place);
  if (response.status >= 300 && response.status < 400) throw redirected(response, request.url, place);
  return responseOf(response, place);
}

function responseOf({ status, headers, body }: RawResponse, place: Place): HttpResponse {
  const failed = (problem: string) => failure(place, problem, WRONG_SERVICE);
  const wait = retryAfterMs(headers.get('retry-after'));
  return {
    ...{ status, headers, retryAfterMs: wait, bytes: body.length, text, json },
    failure: () => unexpected(status, place, wait),
  };

  function text(): string {
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (body.length > 0 && encoding !== 'identity') throw failed('sent a compressed answer');
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(body);
    } catch {
      throw failed(`answered ${status} with a body that is not UTF-8`);
    }
  }

  function json(): unknown {
    const content = parseJson(text());
    // No cause: it would quote the text, which may contain a key.
    if (content === undefined) throw failed(`answered ${status} with a body that is not JSON`);
    return content;
  }
}

function redirected({ status, headers }: RawResponse, from: URL, place: Place): RotationError {
  const location = headers.get('location') ?? '';
  const to = URL.canParse(location, from.href) ? new URL(location, from.href).origin : 'null';
  return failure(
    place,
    // The origin of a URL like javascript: is "null".
    `answered ${status}, a redirect to ${to === from.origin ? 'another path' : to === 'null' ? 'an invalid URL' : quoted(to)}`,
    'correct the URL if the new address is right; a redirect is not followed, because it would pass the credential on',
  );
}

/** RFC 9110, 10.2.3: seconds, or a date in the one form that servers must send. */
function retryAfterMs(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  if (!/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(value)) return undefined;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
