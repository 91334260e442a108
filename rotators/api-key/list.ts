import { expectedIn, placeAt, placeIfIn, placeIn, timePlaceIn } from './pointers.js';
import { demand, isRecord, isText } from './shape.js';
import type { ApiKeySpec, ListRequest } from './spec.js';

/** Where everything is in a list. */
export type ListPlaces = ReturnType<typeof listPlaces>;

const MEBIBYTE = 1_048_576;
/** A Lambda with little memory can read it. */
const MOST_MEBIBYTES = 16;

/**
 * Compiles the pointers of a list.
 *
 * @throws TypeError naming the member
 */
export function listPlaces(list: ListRequest, timeZone: ApiKeySpec['timeZone']) {
  const { items, id, name, createdAt, expiresAt, where, pages, maxBytes = MEBIBYTE } = list;
  const isOfSize =
    Number.isInteger(maxBytes) && maxBytes >= MEBIBYTE && maxBytes <= MOST_MEBIBYTES * MEBIBYTE;
  demand(
    isOfSize,
    'list.maxBytes',
    `must be a whole number from ${MEBIBYTE} to ${MOST_MEBIBYTES * MEBIBYTE}`,
  );
  return {
    items: items === '' ? placeAt(items) : placeIn('list.items', items),
    id: placeIn('list.id', id),
    name: placeIfIn('list.name', name),
    createdAt: timePlaceIn('list.createdAt', createdAt, timeZone),
    expiresAt: timePlaceIn('list.expiresAt', expiresAt, timeZone),
    where: expectedIn('list.where', where),
    ...pagesIn(pages),
    maxBytes,
  };
}

/** How pages are asked for, and where one names the next. */
function pagesIn(pages: ListRequest['pages']) {
  if (pages === undefined || pages === 'one' || pages === 'link') return { pages, next: undefined };
  // A spec may come without types.
  const { parameter, first, by, next, ...others } = isRecord(pages) ? pages : {};
  const isNumbered = (first === 0 || first === 1) && (by === undefined || by === 'pages' || by === 'items');
  const isLed = first === undefined && by === undefined;
  const isEither = next === undefined ? isNumbered : isLed;
  demand(
    isText(parameter) && isEither && Object.keys(others).length === 0,
    'list.pages',
    'must be "one" or "link", or have a "parameter", and either "first" (0 or 1), which may have "by", or "next"',
  );
  return { pages, next: 'next' in pages ? placeIn('list.pages', pages.next) : undefined };
}
