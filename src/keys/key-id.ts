import type { Rotator } from '../rotator.js';

/** A shorter text is in an id by chance. */
const SHORTEST_KEY = 8;

/** So many characters of a key, at least, stay out of an id. */
const LEAST_LEFT = 8;

/**
 * Makes a parser that refuses an id which gives the key away, since messages show ids.
 *
 * @throws TypeError if nothing but the id rotates: then it is the key
 */
export function parserOf<Secret extends object, Field extends keyof Secret & string>(
  { parse, rotates, text }: Pick<Rotator<Secret, Field>, 'parse' | 'rotates' | 'text'>,
  id: keyof Secret & string,
): Rotator<Secret, Field>['parse'] {
  const hidden = rotates.filter((field) => field !== id);
  if (hidden.length === 0 || text === id) {
    throw new TypeError('id must be another field than the key: messages show it');
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

/** What gives a key away: all of it, or all but a few characters of a long one. */
function partsOf(key: string): readonly string[] {
  if (key.length < SHORTEST_KEY) return [];
  const length = key.length < 2 * LEAST_LEFT ? key.length : key.length - LEAST_LEFT + 1;
  return Array.from({ length: key.length - length + 1 }, (_, from) => key.slice(from, from + length));
}

/** What an id may stand for: it may have something before what is encoded in it. */
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
