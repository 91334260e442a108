const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 20;

/** Follows redirects within the origin, and returns the first other response. */
export async function follow(
  first: Response,
  from: string,
  send: (url: URL) => Promise<Response>,
): Promise<Response> {
  let response = first;
  let at = from;
  for (let n = 0; n < MOST_REDIRECTS && REDIRECTS.has(response.status); n++) {
    const location = response.headers.get('location');
    if (location === null || !URL.canParse(at) || !URL.canParse(location, at)) return response;
    const next = new URL(location, at);
    if (!isWithin(new URL(at), next)) return response;
    await response.body?.cancel();
    response = await send(next);
    at = next.href;
  }
  return response;
}

/** Compares protocol and host: a blob: URL has the same origin. A user or password in the URL would replace our credential. */
function isWithin(from: URL, { protocol, host, username, password }: URL): boolean {
  return protocol === from.protocol && host === from.host && username === '' && password === '';
}
