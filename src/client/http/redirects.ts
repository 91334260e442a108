const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MOST_REDIRECTS = 20;

/** Follows redirects within the origin; any other is the answer. */
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

/** Not by the origin alone, which a blob: has too. One with a user and a password signs the request otherwise. */
function isWithin(from: URL, { protocol, host, username, password }: URL): boolean {
  return protocol === from.protocol && host === from.host && username === '' && password === '';
}
