import type { ServerResponse } from 'node:http';
import fc from 'fast-check';
import { PASSWORD } from './corpus.js';
import { anyString } from './runs.js';

/** The administrator's key. */
export const ADMIN = 'adm-5Tq8wZr2vXn9';
/** A key that the provider issues. */
export const ISSUED = 'iss-8Hd3kLm6pQs1';
/** What a provider answers: a status, headers and a body, and how it ends. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  readonly end: 'whole' | 'cut off' | 'too short';
}

const token = fc.constantFrom(ISSUED, PASSWORD, ADMIN, 'k1', '');
/** JSON as the providers below send it, with odd things in its places. */
const odd = fc.oneof(
  { weight: 3, arbitrary: token },
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom(
    2 ** 60,
    1e308,
    -1,
    true,
    null,
    '__proto__',
    '../..',
    'a\0b',
    '2026-01-01T00:00:00Z',
    'x'.repeat(70_000),
  ),
);
const item = fc.record({ id: odd, name: odd, at: odd }, { requiredKeys: [] });
const entraPart = {
  access_token: token,
  error: fc.constantFrom('invalid_client', 'x'),
  secretText: odd,
  keyId: odd,
};
const json = fc
  .record(
    {
      id: odd,
      key: odd,
      keys: fc.oneof(fc.array(item, { maxLength: 4 }), odd),
      next: odd,
      passwordCredentials: fc.oneof(
        fc.array(fc.record({ keyId: odd, displayName: odd, startDateTime: odd })),
        odd,
      ),
      ...entraPart,
      error_description: fc.constant(`☃${PASSWORD}☃${ADMIN}☃${ISSUED}`),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));
const body = fc.oneof(
  { weight: 6, arbitrary: json },
  fc.json({ maxDepth: 4 }),
  json.map((text) => text.slice(0, -3)),
  anyString(),
  fc.uint8Array({ maxLength: 60 }),
  fc.constantFrom(
    '',
    'null',
    `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
    `<html>${PASSWORD}${ADMIN}${ISSUED}</html>`,
  ),
  fc.constantFrom(' '.repeat(1_100_000), `{"key":"${ISSUED}","key":"k2","__proto__":{"id":"k1"}}`),
);
const headerValue = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '999999999',
    '-1',
    'Thu, 01 Jan 1970 00:00:00 GMT',
    'gzip',
    'identity',
    '',
    'x'.repeat(5000),
  ),
  fc.constantFrom('https://elsewhere.example', '//', '/', 'javascript:alert(1)', `/${PASSWORD}?${ISSUED}`),
);
/** Many of them nearly right. */
export const anyAnswer: fc.Arbitrary<HttpAnswer> = fc.record({
  status: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(200, 201, 204) },
    fc.constantFrom(200, 299, 300, 304, 400, 401, 403, 404, 409, 410, 422, 500, 502, 599, 700, 999),
  ),
  headers: fc.dictionary(
    fc.constantFrom(
      'location',
      'retry-after',
      'content-encoding',
      'content-type',
      'x-key',
      '__proto__',
      'constructor',
    ),
    headerValue,
    { maxKeys: 3 },
  ),
  body,
  end: fc.oneof(
    { weight: 8, arbitrary: fc.constant<'whole'>('whole') },
    fc.constantFrom<'cut off' | 'too short'>('cut off', 'too short'),
  ),
});

export function send(response: ServerResponse, { status, headers, body, end }: HttpAnswer): void {
  const length = { 'content-length': String(Buffer.byteLength(body) + 9) };
  response.writeHead(status, { ...headers, ...(end === 'too short' && length) });
  response.write(body);
  if (end === 'whole') response.end();
  else response.socket?.end();
}

/** What a provider of any kind that is tested here answers to each of its requests, if all is well. */
export const GOOD: HttpAnswer = {
  status: 200,
  headers: {},
  body: JSON.stringify({
    ...{ id: 'k1', key: ISSUED, keys: [] },
    ...{ access_token: 'tok-2Vb9Nc4Xz7', secretText: ISSUED, keyId: 'k2', passwordCredentials: [] },
  }),
  end: 'whole',
};
