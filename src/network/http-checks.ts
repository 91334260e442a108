/**
 * Returns the URL of a service: https:, or http: to 127.0.0.0/8, ::1 or localhost, without a user or a password.
 *
 * @param name name of the option or field, for the error
 * @throws TypeError that quotes nothing of the URL, if it is anything else
 */
export function httpUrl(value: string | URL, name = 'url'): URL {
  const text = String(value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Not the error of `new URL`, which quotes its input.
  if (!url) throw new TypeError(`"${name}" must be a URL, such as https://example.com/path`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new TypeError(`"${name}" must begin with https:// (http:// is for this machine only)`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`"${name}" must not contain a user or a password: put them into a header`);
  }
  return url;
}

/** `new URL` has normalized every notation of an IPv4 address. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Method of an {@link HttpRequest}. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const METHODS: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** @throws TypeError for any other method */
export function checkedMethod(method: HttpMethod): HttpMethod {
  if (METHODS.includes(method)) return method;
  throw new TypeError(`the method must be one of ${METHODS.join(', ')}`);
}

/** Headers that say where a message goes and where it ends: `node:http` sets them. */
const OURS =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding)$/i;

/** @throws TypeError that quotes no value, for an invalid header or one that the caller must not set */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new TypeError('invalid header name');
    if (OURS.test(name)) throw new TypeError(`the caller must not set the header "${name}"`);
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new TypeError(
        `the header "${name}" contains a line break or another invalid character: check the secret that it comes from`,
      );
    }
  }
  return { ...headers };
}

/** @throws TypeError that names the option */
export function checkedLimit(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new TypeError(`${name} must be a whole number from 1 to ${most}`);
}
