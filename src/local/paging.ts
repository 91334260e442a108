import * as refusals from './refusals.js';

/** One page of a list; `next` is the token for the page after it. */
export function page<T>(
  items: readonly T[],
  size: number,
  token: string | undefined,
): { items: readonly T[]; next?: string } {
  const start = token === undefined ? 0 : startOf(token);
  const end = start + size;
  return { items: items.slice(start, end), ...(end < items.length && { next: tokenOf(end) }) };
}

const PREFIX = 'from ';

function tokenOf(start: number): string {
  return Buffer.from(`${PREFIX}${start}`).toString('base64url');
}

function startOf(token: string): number {
  const text = Buffer.from(token, 'base64url').toString();
  const start = Number(text.slice(PREFIX.length));
  if (!Number.isSafeInteger(start) || tokenOf(start) !== token) throw refusals.invalidNextToken();
  return start;
}
