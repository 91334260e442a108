import { expectedIn, placeAt, placeIfIn, placeIn, timePlaceIn } from './pointers.js';
import { demand, isRecord, isText } from './shape.js';
import type { ApiKeySpec, ListRequest } from './spec.js';

/** Places in a list. */
export type ListPlaces = ReturnType<typeof listPlaces>;

const MEBIBYTE = 1_048_576;
/** Longest answer that a Lambda with little memory can read. */
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

/** Compiles `list.pages`, and the place of the next page. */
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
    'must be "one", "link" or an object with "parameter" and either "next" or "first" (0 or 1), and "by" only with "first"',
  );
  return { pages, next: 'next' in pages ? placeIn('list.pages', pages.next) : undefined };
}
