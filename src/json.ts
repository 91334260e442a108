/** Fields of a JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Parses JSON; returns `undefined` if the text is not JSON. Use it instead of `JSON.parse`, whose error quotes the text: the
 * text is often a secret.
 *
 * @param reviver as for `JSON.parse`
 */
export function parseJson(
  text: string,
  reviver?: (this: unknown, key: string, value: unknown) => unknown,
): unknown {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
}

/** Parses a JSON object; returns `undefined` if the text is not one. */
export function jsonObject(text: string): Json | undefined {
  const value = parseJson(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
