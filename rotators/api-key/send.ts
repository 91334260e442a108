import { setTimeout as sleep } from 'node:timers/promises';
import {
  type HttpMethod,
  type HttpResponse,
  RotationError,
  request,
  type StepContext,
} from '../../src/index.js';
import {
  jsonTemplate,
  type Placeholder,
  type Source,
  type Template,
  textTemplate,
  urlTemplate,
} from './placeholders.js';
import { type Answer, isSuccess } from './pointers.js';
import { assertRequest, type RequestName } from './shape.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

/** A request with its values. */
export interface PreparedRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A request as a function of its values. For an invalid value it throws a TypeError that does not quote the value. */
export interface CompiledRequest {
  readonly name: RequestName;
  readonly placeholders: readonly Placeholder[];
  readonly prepare: Template<PreparedRequest>;
}

export interface Reply {
  readonly response: HttpResponse;
  /** @throws RotationError if the answer is not JSON and not an empty 204: it may be a sign-in page */
  answer(): Answer;
}

const FIRST_PAUSE_MS = 500;
const OTHER_SERVICE =
  'check what answers at this URL: it may be another service, or another version of its API';

/**
 * Compiles a request.
 *
 * @throws TypeError naming the member
 */
export function compiledRequest(name: RequestName, request: ApiRequest): CompiledRequest {
  assertRequest(name, request);
  const { method = 'GET', headers = {}, basic } = request;
  const placeholders: Placeholder[] = [];
  const sourceOf = (member: string) => ({ member: `${name}.${member}`, placeholders });
  const url = urlTemplate(request.url, sourceOf('url'));
  const own = recordTemplate(headers, { ...sourceOf('headers'), isInHeader: true });
  const authorization = basic && basicTemplate(basic, sourceOf('basic'));
  const [type, body] = bodyTemplate(request, sourceOf);
  return {
    name,
    placeholders,
    prepare: (values) => ({
      method,
      url: url(values),
      headers: {
        accept: 'application/json',
        ...(type !== undefined && { 'content-type': type }),
        ...(authorization && { authorization: authorization(values) }),
        ...own(values),
      },
      ...(body && { body: body(values) }),
    }),
  };
}

/**
 * Sends a request, and repeats it after 429 until the step ends: the provider has done nothing then. It repeats GET and DELETE
 * after 503 too, because they do no harm twice.
 *
 * @param doing words for errors: "list the keys", as in "could not list the keys"
 * @throws RotationError
 */
export async function send(
  doing: string,
  prepared: PreparedRequest,
  {
    ca,
    context,
    ...more
  }: { readonly ca: ApiKeySpec['ca']; readonly context: StepContext; readonly maxBytes?: number },
): Promise<Reply> {
  const { method, url } = prepared;
  const again = method === 'GET' || method === 'DELETE' ? [429, 503] : [429];
  const call = { ...prepared, ...more, doing, ...(ca !== undefined && { ca }) };
  for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
    const response = await request({ ...call, signal: context.signal });
    if (!again.includes(response.status)) return replyOf(response, `could not ${doing}: ${url.origin}`);
    const wait = Math.max(pause, response.retryAfterMs ?? 0);
    if (wait >= context.leftMs) throw response.failure();
    await sleep(wait, undefined, { signal: context.signal });
  }
}

function replyOf(response: HttpResponse, place: string): Reply {
  return {
    response,
    answer: () => ({
      json: response.status === 204 ? undefined : response.json(),
      bytes: response.bytes,
      link: response.headers.get('link'),
      failure: (problem, hint = OTHER_SERVICE) =>
        new RotationError('ERR_SERVICE_FAILED', `${place} answered ${response.status} ${problem}`, { hint }),
    }),
  };
}

/** @throws RotationError if the answer is not a success, or not JSON */
export function answerIn({ response, answer }: Reply): Answer {
  if (isSuccess(response)) return answer();
  throw response.failure();
}

/** A colon would end the user's name (RFC 7617). */
function basicTemplate([user, password]: readonly [string, string], source: Source): Template<string> {
  const [nameIn, passwordIn] = [textTemplate(user, source), textTemplate(password, source)];
  return (values) => {
    const name = nameIn(values);
    if (name.includes(':')) throw new TypeError('the user of basic authentication must not contain a colon');
    return `Basic ${Buffer.from(`${name}:${passwordIn(values)}`).toString('base64')}`;
  };
}

function bodyTemplate(
  { json, form }: ApiRequest,
  sourceOf: (member: string) => Source,
): readonly [type?: string, body?: Template<string>] {
  if (json !== undefined) {
    const whole = jsonTemplate(json, sourceOf('json'));
    return ['application/json', (values) => JSON.stringify(whole(values))];
  }
  if (form === undefined) return [];
  const fields = recordTemplate(form, sourceOf('form'));
  return ['application/x-www-form-urlencoded', (values) => new URLSearchParams(fields(values)).toString()];
}

function recordTemplate(
  texts: Readonly<Record<string, string>>,
  source: Source,
): Template<Record<string, string>> {
  const parts = Object.entries(texts).map(([name, text]) => [name, textTemplate(text, source)] as const);
  return (values) => Object.fromEntries(parts.map(([name, part]) => [name, part(values)]));
}
