/**
 * Reads the URL of a service: https:, or http: to 127.0.0.0/8, ::1 or localhost, without a user or a password in it.
 *
 * @param name says in the error which URL is meant
 * @throws TypeError that quotes nothing of it
 */
export function httpUrl(value: string | URL, name = 'url'): URL {
  const text = String(value);
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // Not the error of `new URL`: it holds its input.
  if (!url) throw new TypeError(`"${name}" must be a URL, such as https://example.com/path`);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new TypeError(`"${name}" must begin with https:// (http:// leads to this machine only)`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new TypeError(`"${name}" must not hold a user or a password: they belong into a header`);
  }
  return url;
}

/** `new URL` has brought every way of writing an IPv4 address into this form. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** What a request asks of a service. */
export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const METHODS: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** @throws TypeError for a method that is none of ours */
export function checkedMethod(method: HttpMethod): HttpMethod {
  if (METHODS.includes(method)) return method;
  throw new TypeError(`the method must be one of ${METHODS.join(', ')}`);
}

/** They say where a message goes and where it ends, which is not the caller's to say. */
const OURS =
  /^(host|connection|keep-alive|content-length|transfer-encoding|te|trailer|upgrade|expect|accept-encoding)$/i;

/** @throws TypeError that quotes no value, for a header that cannot be sent or is not the caller's to set */
export function checkedHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw new TypeError('a header has an invalid name');
    if (OURS.test(name)) throw new TypeError(`the header "${name}" cannot be set`);
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      throw new TypeError(
        `the header "${name}" contains a line break, or another character that no header can hold: look at the secret it is from`,
      );
    }
  }
  return { ...headers };
}

/** @throws TypeError naming the option */
export function checkedLimit(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new TypeError(`${name} must be a whole number from 1 to ${most}`);
}
