import type { Answer } from '../pointers.js';

/**
 * One link (RFC 8288, 3): its target, and its parameters. Each blank matches in one place only, so that a mismatch fails fast:
 * blanks after an "=" belong to a value, or, without a value, to what follows.
 */
const LINK =
  /[\s,]*<([^<>]*)>((?:\s*;(?:\s*[^\s;,="<>]+(?:\s*=(?:\s*(?:"(?:[^"\\]|\\.)*"|[^\s;,"]+))?)?)?)*)\s*(?:,|$)/y;
const PARAMETER = /;\s*([^\s;,="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*))/g;

/**
 * Returns the target of the link with `rel="next"`, as written.
 *
 * @returns `undefined` if the answer has no such link
 * @throws RotationError if the header is malformed, or has several such links: an incomplete list hides keys
 */
export function nextIn({ link = '', failure }: Answer): string | undefined {
  const found = new Set<string>();
  let end = 0;
  while (/[^\s,]/.test(link.slice(end))) {
    LINK.lastIndex = end;
    const [whole, target = '', parameters = ''] = LINK.exec(link) ?? [];
    if (whole === undefined) throw failure('with an unreadable Link header');
    end += whole.length;
    if (isNext(parameters)) found.add(target);
  }
  if (found.size > 1) throw failure('with several next pages in the Link header');
  return found.values().next().value;
}

function isNext(parameters: string): boolean {
  const all = [...parameters.matchAll(PARAMETER)].map(
    ([, name = '', quoted, plain = '']) => [name.toLowerCase(), quoted ?? plain] as const,
  );
  // A link with an anchor belongs to another page. Of several `rel`, the first counts.
  if (all.some(([name]) => name === 'anchor')) return false;
  const [, relations = ''] = all.find(([name]) => name === 'rel') ?? [];
  // Some servers write rel='next'. Unread, it would end the list.
  return relations
    .toLowerCase()
    .split(/[\s']+/)
    .includes('next');
}
