import type { Rotator } from '../rotator.js';

/** A shorter text is in an id by chance. */
const SHORTEST_KEY = 8;

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
    const isToldBy = (key: string) =>
      forms.some((form) => form === key || (key.length >= SHORTEST_KEY && form.includes(key)));
    if (hidden.some((field) => isToldBy(String(secret[field])))) {
      throw new TypeError(`"${id}", the id, contains the key`);
    }
    return secret;
  };
}

/** What an id may stand for. */
function formsIn(id: string): readonly string[] {
  const decoded = (['base64', 'hex'] as const).map((encoding) => Buffer.from(id, encoding).toString());
  try {
    return [id, ...decoded, decodeURIComponent(id)];
  } catch {
    return [id, ...decoded];
  }
}
