import type { ListedKey } from '../../src/index.js';
import { type Answer, arrayAt, endAt, holds, idAt, timeAt, valueAt } from './pointers.js';
import type { ListRequest } from './spec.js';

/** Far more than any provider has, and an end. */
const MOST_PAGES = 1000;

/**
 * Reads all pages of a list.
 *
 * @throws RotationError if they lead elsewhere, or round in a circle
 */
export async function allKeys(
  list: ListRequest,
  first: URL,
  ask: (url: URL) => Promise<Answer>,
): Promise<readonly ListedKey[]> {
  const keys: ListedKey[] = [];
  const asked = new Set<string>();
  let url: URL | undefined = pageUrl(list, first, 0);
  for (let page = 0; url !== undefined; page++) {
    const answer = await ask(url);
    const items = arrayAt(answer, list.items);
    const contents = items.map((item) => idAt(answer, list.id, item)).join();
    // Of a provider that does not know the parameter, every page is the first.
    if (page >= MOST_PAGES || (items.length > 0 && asked.has(contents))) {
      throw answer.failure('with a page of the list that it had sent before, or too many');
    }
    asked.add(contents);
    keys.push(...items.filter((item) => holds(answer, list.where, item)).map(keyIn(answer, list)));
    url = nextUrl(list, url, { answer, page, isEmpty: items.length === 0 });
  }
  return keys;
}

function keyIn(
  answer: Answer,
  { id, name, createdAt, expiresAt }: ListRequest,
): (item: unknown) => ListedKey {
  return (item) => {
    const called = name === undefined ? undefined : valueAt(item, name);
    return {
      id: idAt(answer, id, item),
      name: typeof called === 'string' ? called : undefined,
      // Not a time: it is neither older nor younger than any other.
      createdAt: createdAt === undefined ? new Date(Number.NaN) : timeAt(answer, createdAt, item),
      expiresAt: expiresAt === undefined ? undefined : endAt(expiresAt, item),
    };
  };
}

function pageUrl({ pages }: ListRequest, url: URL, page: number): URL {
  return pages && 'first' in pages ? withParameter(url, pages.parameter, String(pages.first + page)) : url;
}

function nextUrl(
  list: ListRequest,
  url: URL,
  { answer, page, isEmpty }: { readonly answer: Answer; readonly page: number; readonly isEmpty: boolean },
): URL | undefined {
  const { pages } = list;
  if (pages === undefined) return undefined;
  if ('first' in pages) return isEmpty ? undefined : pageUrl(list, url, page + 1);
  const next = valueAt(answer.json, pages.next);
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
