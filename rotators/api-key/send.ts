import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpResponse, RotationError, request, type StepContext } from '../../src/index.js';
import { filled, filledJson, filledUrl, type Values } from './placeholders.js';
import type { Answer } from './pointers.js';
import type { ApiKeySpec, ApiRequest } from './spec.js';

export interface Outgoing {
  /** As in "could not list the keys". */
  readonly doing: string;
  readonly request: ApiRequest;
  readonly values: Values;
  readonly ca: ApiKeySpec['ca'];
  readonly context: StepContext;
  /** Instead of the request's own: the URL of a further page. */
  readonly url?: URL;
}

export interface Reply {
  readonly response: HttpResponse;
  /** @throws RotationError if it is not JSON, or has none and is not 204: a sign-in page may stand there */
  answer(): Answer;
}

const FIRST_PAUSE_MS = 500;

/**
 * Sends a request, again if the provider asks for that, until the step ends: after 429 the provider has done nothing,
 * and after 503 what it may have done is done once more by requests that can be repeated.
 *
 * @throws RotationError
 */
export async function exchange(outgoing: Outgoing): Promise<Reply> {
  const { doing, request: template, values, ca, context } = outgoing;
  const url = outgoing.url ?? filledUrl(template.url, values);
  const { method = 'GET' } = template;
  const again = method === 'GET' || method === 'DELETE' ? [429, 503] : [429];
  const call = { doing, url, method, ...contentOf(template, values), ...(ca !== undefined && { ca }) };
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
      failure: (problem) =>
        new RotationError('ERR_SERVICE_FAILED', `${place} answered ${response.status} ${problem}`, {
          hint: 'look at what the URL leads to: another service may stand there, or another version of its API',
        }),
    }),
  };
}

function contentOf({ headers = {}, basic, json, form }: ApiRequest, values: Values) {
  const own = Object.entries(headers).map(([name, value]) => [name, filled(value, values)] as const);
  const [type, body] = bodyOf({ json, form }, values);
  return {
    headers: {
      accept: 'application/json',
      ...(type !== undefined && { 'content-type': type }),
      ...(basic && { authorization: basicOf(basic, values) }),
      ...Object.fromEntries(own),
    },
    ...(body !== undefined && { body }),
  };
}

function bodyOf(
  { json, form }: { readonly [Part in 'json' | 'form']: ApiRequest[Part] | undefined },
  values: Values,
): readonly [type?: string, body?: string] {
  if (json !== undefined) return ['application/json', JSON.stringify(filledJson(json, values))];
  if (form === undefined) return [];
  const fields = Object.entries(form).map(([name, value]): [string, string] => [name, filled(value, values)]);
  return ['application/x-www-form-urlencoded', new URLSearchParams(fields).toString()];
}

/** RFC 7617: a colon would end the user. */
function basicOf([user, password]: readonly [string, string], values: Values): string {
  const name = filled(user, values);
  if (name.includes(':')) throw new TypeError('the user of basic authentication must not contain a colon');
  return `Basic ${Buffer.from(`${name}:${filled(password, values)}`).toString('base64')}`;
}
