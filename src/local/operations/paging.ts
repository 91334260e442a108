import { parseJson } from '../../json.js';
import * as refusals from '../api/refusals.js';

/** Position of an item in a list: its sort key, then its number among items with the same key. */
export type Place = readonly [key: string | number, number: number];

interface Paging {
  readonly size: number;
  readonly token: string | undefined;
  readonly isDescending?: boolean;
}

/**
 * Returns one page of a sorted list; `next` is the token for the next page. A token holds the last position, so a deleted
 * item does not make the next page skip one.
 */
export function page<T>(
  items: readonly T[],
  placeOf: (item: T) => Place,
  { size, token, isDescending = false }: Paging,
): { items: readonly T[]; next?: string } {
  const direction = isDescending ? -1 : 1;
  const sorted = items
    .map((item) => ({ item, place: placeOf(item) }))
    .sort((a, b) => direction * compare(a.place, b.place));
  const last = token === undefined ? undefined : placeIn(token);
  const rest = last ? sorted.filter(({ place }) => direction * compare(place, last) > 0) : sorted;
  const shown = rest.slice(0, size);
  const end = shown.at(-1);
  return {
    items: shown.map(({ item }) => item),
    ...(end && shown.length < rest.length && { next: tokenOf(end.place) }),
  };
}

function compare([a, i]: Place, [b, j]: Place): number {
  return a < b ? -1 : a > b ? 1 : i - j;
}

function tokenOf(place: Place): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

function placeIn(token: string): Place {
  const place = parseJson(Buffer.from(token, 'base64url').toString());
  if (Array.isArray(place) && typeof place[1] === 'number' && /string|number/.test(typeof place[0])) {
    return [place[0], place[1]];
  }
  throw refusals.invalidNextToken();
}
