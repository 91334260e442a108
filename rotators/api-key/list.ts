import type { ListedKey } from '../../src/index.js';
import {
  type Answer,
  arrayAt,
  endAt,
  expectedIn,
  holds,
  idAt,
  placeAt,
  placeIfIn,
  placeIn,
  timeAt,
} from './pointers.js';
import { demand, isText } from './shape.js';
import type { ListRequest } from './spec.js';

/** Where everything is in a list. */
export type ListPlaces = ReturnType<typeof listPlaces>;

/** Far more than any provider has, and an end. */
const MOST_PAGES = 1000;
/** Of all pages together: a page alone may have a mebibyte. */
const MOST_BYTES = 8 * 1024 * 1024;

/** How many items APIs show where nobody asks for another number. */
const PAGE_SIZES: ReadonlySet<number> = new Set([10, 15, 20, 25, 30, 40, 50, 60, 100, 200, 250, 500, 1000]);

/**
 * Compiles the pointers of a list.
 *
 * @throws TypeError naming the member
 */
export function listPlaces({ items, id, name, createdAt, expiresAt, where, pages }: ListRequest) {
  // A spec may come without types.
  const isPaged = typeof pages === 'object' && pages !== null && ('first' in pages || 'next' in pages);
  const isComplete = pages === undefined || pages === 'one' || (isPaged && isText(pages.parameter));
  demand(isComplete, 'list.pages', 'must be "one", or have a parameter, and "first" or "next"');
  return {
    items: items === '' ? placeAt(items) : placeIn('list.items', items),
    id: placeIn('list.id', id),
    name: placeIfIn('list.name', name),
    createdAt: placeIfIn('list.createdAt', createdAt),
    expiresAt: placeIfIn('list.expiresAt', expiresAt),
    where: expectedIn('list.where', where),
    pages,
    next: typeof pages === 'object' && 'next' in pages ? placeIn('list.pages', pages.next) : undefined,
  };
}

/**
 * Reads all pages of a list.
 *
 * @throws RotationError if they lead elsewhere, round in a circle, or to more than anybody has
 */
export async function allKeys(
  places: ListPlaces,
  first: URL,
  ask: (url: URL) => Promise<Answer>,
  warn: (message: string) => void,
): Promise<readonly ListedKey[]> {
  const keys: ListedKey[] = [];
  const asked = new Set<string>();
  let bytes = 0;
  let url: URL | undefined = pageUrl(places, first, 0);
  for (let page = 0; url !== undefined; page++) {
    const answer = await ask(url);
    const items = arrayAt(places.items, answer);
    const contents = items.map((item) => idAt(places.id, answer, item)).join();
    bytes += answer.bytes;
    if (page >= MOST_PAGES || bytes > MOST_BYTES) {
      throw answer.failure(
        `with pages that are too many, or too long: over ${MOST_PAGES} pages, or ${MOST_BYTES} bytes in all`,
      );
    }
    // Of a provider that does not know the parameter, every page is the first.
    if (items.length > 0 && asked.has(contents)) {
      throw answer.failure('with a page of the list that it had sent before');
    }
    asked.add(contents).add(url.href);
    if (places.pages === undefined && PAGE_SIZES.has(items.length)) warn(maybeCut(items.length));
    const live = items.filter((item) => holds(places.where, answer, item));
    keys.push(...live.map((item) => keyIn(item, places, answer)));
    url = nextUrl(places, url, { answer, page, isEmpty: items.length === 0 });
    // Empty pages look alike, and may have more behind them: only a cursor that repeats shows that one leads back.
    if (url !== undefined && asked.has(url.href))
      throw answer.failure('with a next page that was read before');
  }
  return keys;
}

function maybeCut(length: number): string {
  return (
    `the list of keys has ${length} items, as a page may have: if there are more, say how pages are asked for ` +
    '(`list.pages`); if there are not, say `pages: "one"`'
  );
}

function keyIn(item: unknown, { id, name, createdAt, expiresAt }: ListPlaces, answer: Answer): ListedKey {
  const called = name?.find(item);
  return {
    id: idAt(id, answer, item),
    name: typeof called === 'string' ? called : undefined,
    // Not a time: it is neither older nor younger than any other.
    createdAt: createdAt ? timeAt(createdAt, answer, item) : new Date(Number.NaN),
    expiresAt: expiresAt && endAt(expiresAt, item),
  };
}

function pageUrl({ pages }: ListPlaces, url: URL, page: number): URL {
  return typeof pages === 'object' && 'first' in pages
    ? withParameter(url, pages.parameter, String(pages.first + page))
    : url;
}

function nextUrl(
  places: ListPlaces,
  url: URL,
  { answer, page, isEmpty }: { readonly answer: Answer; readonly page: number; readonly isEmpty: boolean },
): URL | undefined {
  const { pages } = places;
  if (pages === undefined || pages === 'one') return undefined;
  if ('first' in pages) return isEmpty ? undefined : pageUrl(places, url, page + 1);
  const next = places.next?.find(answer.json);
  if (next === undefined || next === null || next === '') return undefined;
  if (typeof next !== 'string') throw answer.failure(`with no next page at ${pages.next}`);
  if (!/^https?:/.test(next)) return withParameter(url, pages.parameter, next);
  const further = URL.canParse(next) ? new URL(next) : undefined;
  // The credential goes along.
  if (further?.origin !== url.origin) throw answer.failure('with a next page at another origin');
  return further;
}

function withParameter(url: URL, parameter: string, value: string): URL {
  const further = new URL(url);
  further.searchParams.set(parameter, value);
  return further;
}
