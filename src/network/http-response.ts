import { quoted, type RotationError } from '../errors.js';
import { parseJson } from '../json.js';
import { failure, type Place, unexpected, WRONG_SERVICE } from './http-failures.js';
import { type CheckedRequest, type RawResponse, sendOnce } from './http-transport.js';

/** An answer, of any status but a redirect. */
export interface HttpResponse {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** What Retry-After asks for, be it seconds or a date. */
  readonly retryAfterMs: number | undefined;
  /** The length of the body. */
  readonly bytes: number;
  /** @throws RotationError `ERR_SERVICE_FAILED` if it is not UTF-8, or compressed, which was not asked for */
  text(): string;
  /** @throws RotationError `ERR_SERVICE_FAILED`, which quotes nothing of it, if it is not JSON */
  json(): unknown;
  /** What to throw for a status that the caller does not expect. */
  failure(): RotationError;
}

/**
 * Sends a request, and reads the answer.
 *
 * @throws RotationError if there is no answer, or a redirect
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
    `answered ${status}, a redirect to ${to === from.origin ? 'another path' : to === 'null' ? 'nowhere' : quoted(to)}`,
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
