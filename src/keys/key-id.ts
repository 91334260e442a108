import type { Rotator } from '../rotator.js';

/** An id may contain a shorter key by chance. */
const SHORTEST_KEY = 8;

/** An id must not contain more of a key than all but this many characters. */
const LEAST_LEFT = 8;

/**
 * Returns a parser that refuses an id which contains the key, because messages show ids.
 *
 * @throws TypeError if only the id rotates, because it is then the key
 */
export function parserOf<Secret extends object, Field extends keyof Secret & string>(
  { parse, rotates, text }: Pick<Rotator<Secret, Field>, 'parse' | 'rotates' | 'text'>,
  id: keyof Secret & string,
): Rotator<Secret, Field>['parse'] {
  const hidden = rotates.filter((field) => field !== id);
  if (hidden.length === 0 || text === id) {
    throw new TypeError('id must not be the field of the key, because messages show the id');
  }
  return (json) => {
    const secret = parse(json);
    const forms = formsIn(String(secret[id]));
    const isToldBy = (key: string) => {
      const parts = partsOf(key.toLowerCase());
      return forms.some((form) => form === key || parts.some((part) => form.toLowerCase().includes(part)));
    };
    if (hidden.some((field) => isToldBy(String(secret[field])))) {
      throw new TypeError(`"${id}", the id, contains the key`);
    }
    return secret;
  };
}

/** Returns the parts that give a key away: all of it, or all but a few characters of a long key. */
function partsOf(key: string): readonly string[] {
  if (key.length < SHORTEST_KEY) return [];
  const length = key.length < 2 * LEAST_LEFT ? key.length : key.length - LEAST_LEFT + 1;
  return Array.from({ length: key.length - length + 1 }, (_, from) => key.slice(from, from + length));
}

/** Returns an id and what it may encode, also behind a prefix. */
function formsIn(id: string): readonly string[] {
  const ofBase64 = [0, 1, 2, 3].map((from) => Buffer.from(id.slice(from), 'base64').toString());
  const ofHex = (id.match(/[\da-f]{16,}/gi) ?? []).flatMap((digits) =>
    [digits, digits.slice(1)].map((part) => Buffer.from(part, 'hex').toString()),
  );
  const decoded = [...ofBase64, ...ofHex];
  try {
    return [id, ...decoded, decodeURIComponent(id)];
  } catch {
    return [id, ...decoded];
  }
}
