import type { ListedKey } from '../../../src/index.js';
import type { ListPlaces } from '../list.js';
import { type Answer, arrayAt, holds, idAt } from '../pointers.js';
import { nextIn } from './link-header.js';
import { endAt, timeAt, ZONE_HINT, ZONELESS } from './times.js';

/** Most pages, far more than any provider has. */
const MOST_PAGES = 1000;
/** Most bytes of all pages together, unless `maxBytes` is more. */
const MOST_BYTES = 8 * 1024 * 1024;

/** Usual default sizes of a page. */
const PAGE_SIZES: ReadonlySet<number> = new Set([10, 15, 20, 25, 30, 40, 50, 60, 100, 200, 250, 500, 1000]);

/**
 * Reads all pages of a list.
 *
 * @throws RotationError if a next page is at another origin, if a page comes twice, or if the list is too long
 */
export async function allKeys(
  places: ListPlaces,
  first: URL,
  ask: (url: URL) => Promise<Answer>,
  warn: (message: string) => void,
): Promise<readonly ListedKey[]> {
  const keys: ListedKey[] = [];
  const asked = new Set<string>();
  const mostBytes = Math.max(MOST_BYTES, places.maxBytes);
  let bytes = 0;
  let count = 0;
  let url: URL | undefined = pageUrl(places, first, 0);
  for (let page = 0; url !== undefined; page++) {
    const answer = await ask(url);
    const items = arrayAt(places.items, answer);
    const contents = items.map((item) => idAt(places.id, answer, item)).join();
    bytes += answer.bytes;
    count += items.length;
    if (page >= MOST_PAGES || bytes > mostBytes) {
      throw answer.failure(
        `with a list that is too long: over ${MOST_PAGES} pages, or ${mostBytes} bytes in all`,
      );
    }
    // If the provider does not know the parameter, every page is the first one.
    if (items.length > 0 && asked.has(contents)) {
      throw answer.failure('with a page of the list that it had sent before');
    }
    asked.add(contents).add(url.href);
    if (places.pages === undefined && PAGE_SIZES.has(items.length)) warn(maybeCut(items.length));
    const live = items.filter((item) => holds(places.where, answer, item));
    keys.push(...live.map((item) => keyIn(item, places, answer, warn)));
    const isEmpty = items.length === 0;
    url = nextUrl(places, url, { answer, isEmpty, before: isByItems(places) ? count : page + 1 });
    // Empty pages look alike, and more pages may follow one: only a repeated URL shows that the list goes in a circle.
    if (url !== undefined && asked.has(url.href))
      throw answer.failure('with a next page that was read before');
  }
  return keys;
}

function maybeCut(length: number): string {
  return (
    `the list of keys has ${length} items, so it may be one page of several: if there are more, set \`list.pages\`; ` +
    'if these are all keys, set `pages: "one"`'
  );
}

function keyIn(
  item: unknown,
  { id, name, createdAt, expiresAt }: ListPlaces,
  answer: Answer,
  warn: (message: string) => void,
): ListedKey {
  const called = name?.find(item);
  const end = expiresAt && endAt(expiresAt, item);
  // An unclear end fails no rotation: it may belong to somebody else's key.
  if (end === ZONELESS) warn(`list.expiresAt is ${ZONELESS}: ${ZONE_HINT}`);
  return {
    id: idAt(id, answer, item),
    name: typeof called === 'string' ? called : undefined,
    // An invalid time: the key is neither older nor younger than any other.
    createdAt: createdAt ? timeAt(createdAt, answer, item) : new Date(Number.NaN),
    expiresAt: end === ZONELESS ? new Date(Number.NaN) : end,
  };
}

function isByItems({ pages }: ListPlaces): boolean {
  return typeof pages === 'object' && 'first' in pages && pages.by === 'items';
}

/** @param before number of pages, or of items, before the page */
function pageUrl({ pages }: ListPlaces, url: URL, before: number): URL {
  return typeof pages === 'object' && 'first' in pages
    ? withParameter(url, pages.parameter, String(pages.first + before))
    : url;
}

function nextUrl(
  places: ListPlaces,
  url: URL,
  {
    answer,
    before,
    isEmpty,
  }: { readonly answer: Answer; readonly before: number; readonly isEmpty: boolean },
): URL | undefined {
  const { pages } = places;
  if (pages === undefined || pages === 'one') return undefined;
  if (pages === 'link') {
    const next = nextIn(answer);
    return next === undefined ? undefined : furtherUrl(next, url, answer);
  }
  if ('first' in pages) return isEmpty ? undefined : pageUrl(places, url, before);
  const next = places.next?.find(answer.json);
  if (next === undefined || next === null || next === '') return undefined;
  if (typeof next !== 'string') throw answer.failure(`with no next page at ${pages.next}`);
  return /^https?:/.test(next) ? furtherUrl(next, url, answer) : withParameter(url, pages.parameter, next);
}

function furtherUrl(next: string, url: URL, answer: Answer): URL {
  const further = URL.canParse(next, url.href) ? new URL(next, url) : undefined;
  // The request sends the credential too. An origin shows no user, and the origin of a blob: shows no scheme.
  const isPlain = further?.protocol === url.protocol && further.username + further.password === '';
  if (!isPlain || further.origin !== url.origin) throw answer.failure('with a next page at another origin');
  return further;
}

function withParameter(url: URL, parameter: string, value: string): URL {
  const further = new URL(url);
  further.searchParams.set(parameter, value);
  return further;
}
